#include "build/image_base.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <sstream>

#include "base/fd.h"
#include "base/file.h"
#include "base/spawn.h"
#include "build/image_trouble.h"

namespace croft::build {
namespace {

namespace fs = std::filesystem;

// Services must not start when a package with one is installed in a build or prepare step.
constexpr std::string_view kPolicy = "#!/bin/sh\nexit 101\n";

class FileSource final : public ByteSource {
 public:
  FileSource(Pool& pool, Fd file) : pool_(pool), file_(std::move(file)) {}
  Task<Result<std::optional<std::string>>> next() override {
    co_return co_await run_blocking(pool_, ReadPiece{file_.get()});
  }

 private:
  struct ReadPiece {
    int fd;
    Result<std::optional<std::string>> operator()() const {
      std::string piece(1u << 20, '\0');
      const ssize_t count = ::read(fd, piece.data(), piece.size());
      if (count < 0) return fail(errno_error("read a file", errno));
      if (count == 0) return std::optional<std::string>();
      piece.resize(static_cast<std::size_t>(count));
      return std::optional(std::move(piece));
    }
  };

  Pool& pool_;
  Fd file_;
};

// Splits what a program prints into lines for `line`.
class LineSplitter {
 public:
  explicit LineSplitter(const std::function<void(std::string_view)>& line) : line_(line) {}
  void operator()(std::string_view piece) {
    pending_ += piece;
    for (std::size_t end; (end = pending_.find('\n')) != std::string::npos;) {
      if (line_) line_(std::string_view(pending_).substr(0, end));
      pending_.erase(0, end + 1);
    }
  }

 private:
  const std::function<void(std::string_view)>& line_;
  std::string pending_;
};

}  // namespace

std::vector<std::string> mmdebstrap_arguments(const HostSettings& host, std::string_view suite,
                                              const fs::path& folder, const fs::path& target) {
  std::vector<std::string> argv{"mmdebstrap",   "--variant=minbase", "--mode=auto",
                                "--format=tar", "--components=main", "--include=ca-certificates"};
  argv.push_back("--aptopt=Apt::Install-Recommends \"false\"");
  argv.push_back("--aptopt=Acquire::Languages \"none\"");
  std::istringstream validity(host.apt_validity);
  for (std::string line; std::getline(validity, line);)
    argv.push_back("--aptopt=" + line.substr(0, line.find(';')));
  for (const char* rule :
       {"path-exclude=/usr/share/man/*", "path-exclude=/usr/share/info/*",
        "path-exclude=/usr/share/doc/*", "path-include=/usr/share/doc/*/copyright",
        "path-exclude=/usr/share/locale/*", "path-include=/usr/share/locale/locale.alias"})
    argv.push_back(std::string("--dpkgopt=") + rule);
  // A layer is complete or thrown away: syncing every unpacked file to disk is of no use.
  argv.push_back("--dpkgopt=force-unsafe-io");
  if (suite == "bookworm") {
    // Its package usrmerge, which the other suites do without, would bring 46 MB of Perl.
    argv.push_back("--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr");
    argv.push_back("--include=usr-is-merged");
  }
  // The host's way to the mirror is there while packages come, and gone before the archive is made.
  const std::string conf = "/etc/apt/apt.conf.d/00croft-host.conf";
  argv.push_back(
      fmt::format("--setup-hook=upload \"{}\" {}", (folder / "00croft-host.conf").string(), conf));
  argv.push_back(fmt::format("--customize-hook=rm \"$1{}\"", conf));
  argv.push_back(fmt::format("--customize-hook=upload \"{}\" /usr/sbin/policy-rc.d",
                             (folder / "policy-rc.d").string()));
  argv.push_back("--customize-hook=chmod 755 \"$1/usr/sbin/policy-rc.d\"");
  argv.push_back(std::string(suite));
  argv.push_back(target.string());
  for (const AptSource& source : apt_sources_for(host.apt_sources, host.codename, suite))
    argv.push_back(fmt::format("deb {} {} {}", source.uri, source.suite, source.components));
  return argv;
}

Status make_base_tar(const HostSettings& host, std::string_view suite, const fs::path& target,
                     const std::function<void(std::string_view)>& line, std::stop_token stop) {
  const fs::path folder = target.parent_path();
  CROFT_TRY(write_file_atomically(folder / "00croft-host.conf", host.apt_transport));
  CROFT_TRY(write_file_atomically(folder / "policy-rc.d", kPolicy));
  SpawnOptions options;
  options.argv = mmdebstrap_arguments(host, suite, folder, target);
  options.timeout = std::chrono::minutes(15);
  options.on_output = LineSplitter(line);
  options.cancel = std::move(stop);
  options.niceness = 10;  // what serves people goes first
  auto environment = current_host_paths().environment;
  environment.insert(host.env.begin(), host.env.end());
  options.env = std::move(environment);
  auto result = run_program(options);
  if (!result) {
    if (result.error().code() != ErrorCode::kNotFound) return fail(std::move(result).error());
    return fail(ErrorCode::kNotFound,
                "mmdebstrap is not installed; install the package mmdebstrap");
  }
  if (result->cancelled) {
    return fail(ErrorCode::kCancelled, fmt::format("make the Debian base {}: cancelled", suite));
  }
  if (result->exit_code == 0) return {};
  return fail(build_trouble(fmt::format("make the Debian base {}", suite),
                            result->timed_out
                                ? "it took longer than 15 minutes"
                                : fmt::format("mmdebstrap ended with {}", result->exit_code),
                            result->output + result->errors));
}

Result<std::unique_ptr<ByteSource>> open_file_source(Pool& pool, const fs::path& path) {
  Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return fail(errno_error("open " + path.string(), errno));
  return std::unique_ptr<ByteSource>(std::make_unique<FileSource>(pool, std::move(file)));
}

}  // namespace croft::build
