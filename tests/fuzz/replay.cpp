// croft-fuzz-replay: runs one fuzz target without libFuzzer, in any build: every file of its
// corpus, then inputs made from them, always the same ones. An input that fails stays behind as a
// file.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "base/file.h"
#include "base/log.h"
#include "base/random.h"
#include "fuzz.h"

namespace croft::fuzz {
namespace {

constexpr std::size_t kMaxInput = 64u << 10;
constexpr int kSecondsPerInput = 20;

// For the signal handler, which can do little: what runs, and where to leave it.
std::string current;
std::string artifact;

void on_failure(int number) {
  const int fd = ::open(artifact.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd >= 0 && ::write(fd, current.data(), current.size()) >= 0) ::close(fd);
  constexpr std::string_view kWhat = "the input that failed is in ";
  const bool said = ::write(STDERR_FILENO, kWhat.data(), kWhat.size()) >= 0 &&
                    ::write(STDERR_FILENO, artifact.data(), artifact.size()) >= 0 &&
                    ::write(STDERR_FILENO, "\n", 1) >= 0;
  ::signal(number, SIG_DFL);
  if (said) ::raise(number);
  ::_exit(1);
}

void run(const Target& target, std::string input) {
  current = std::move(input);
  ::alarm(kSecondsPerInput);
  target.run(current);
  ::alarm(0);
}

// Small changes of the kinds that parsers trip over.
class Mutator {
 public:
  Mutator(const std::vector<std::string>& seeds, std::uint64_t seed)
      : seeds_(seeds), random_(seed) {}

  std::string next() {
    std::string input = any_seed();
    for (std::uint64_t changes = 1 + random_.below(4); changes > 0; --changes) change(input);
    input.resize(std::min(input.size(), kMaxInput));
    return input;
  }

 private:
  const std::string& any_seed() { return seeds_[random_.below(seeds_.size())]; }
  std::size_t place(const std::string& input) { return random_.below(input.size() + 1); }
  std::string_view piece_of(const std::string& text) {
    const std::size_t at = place(text);
    return std::string_view(text).substr(at, 1 + random_.below(32));
  }

  void change(std::string& input) {
    static constexpr std::string_view kTokens[] = {std::string_view("\0", 1),
                                                   "\xff\xff\xff\xff",
                                                   "\r\n",
                                                   "-1",
                                                   "0",
                                                   "9223372036854775808",
                                                   "../",
                                                   "%00",
                                                   "${",
                                                   "}",
                                                   "\"",
                                                   "'",
                                                   ": ",
                                                   "- ",
                                                   "&a ",
                                                   "*a",
                                                   "<<: ",
                                                   "!!str ",
                                                   "{",
                                                   "[",
                                                   "\t",
                                                   "\xc3",
                                                   "\xe2\x80\xae"};
    const std::size_t at = place(input);
    switch (random_.below(8)) {
      case 0:
        if (at < input.size()) input[at] = static_cast<char>(input[at] ^ (1 << random_.below(8)));
        break;
      case 1:
        if (at < input.size()) input[at] = static_cast<char>(random_.below(256));
        break;
      case 2:
        input.insert(at, 1, static_cast<char>(random_.below(256)));
        break;
      case 3:
        input.erase(at, 1 + random_.below(16));
        break;
      case 4:
        input.insert(at, std::string(piece_of(input)));
        break;
      case 5:
        input.insert(at, std::string(piece_of(any_seed())));
        break;
      case 6:
        input.resize(at);
        break;
      default:
        input.insert(at, kTokens[random_.below(std::size(kTokens))]);
    }
  }

  const std::vector<std::string>& seeds_;
  SeededRandom random_;
};

std::vector<std::filesystem::path> files_below(const std::filesystem::path& place) {
  std::vector<std::filesystem::path> files;
  if (std::filesystem::is_regular_file(place)) return {place};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(place)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

int fail_with(std::string_view message) {
  fmt::print(stderr, "croft-fuzz-replay: {}\n", message);
  return 2;
}

int replay(const Target& target, const std::vector<std::string>& places, std::uint64_t mutations,
           std::uint64_t seed) {
  artifact = fmt::format("{}/croft-fuzz-{}-{}", std::filesystem::temp_directory_path().string(),
                         target.name, ::getpid());
  for (const int number : {SIGABRT, SIGSEGV, SIGFPE, SIGILL, SIGALRM}) ::signal(number, on_failure);
  std::vector<std::string> seeds;
  for (const std::string& place : places) {
    for (const auto& file : files_below(place)) {
      auto content = read_file(file);
      if (!content) return fail_with(content.error().message());
      seeds.push_back(std::move(*content));
      run(target, seeds.back());
    }
  }
  if (seeds.empty()) return fail_with("the corpus is empty");
  Mutator mutator(seeds, seed);
  for (std::uint64_t i = 0; i < mutations; ++i) run(target, mutator.next());
  fmt::print("{}: {} files, {} inputs made of them\n", target.name, seeds.size(), mutations);
  return 0;
}

int main_of(const std::vector<std::string>& words) {
  log_setup("fuzz", LogLevel::kError);
  std::uint64_t numbers[] = {0, 1};
  std::vector<std::string> rest;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool mutations = words[i] == "--mutations";
    if (!mutations && words[i] != "--seed") {
      rest.push_back(words[i]);
      continue;
    }
    const std::string value = i + 1 < words.size() ? words[++i] : "";
    const char* end = value.data() + value.size();
    if (std::from_chars(value.data(), end, numbers[mutations ? 0 : 1]).ptr != end ||
        value.empty()) {
      return fail_with("--mutations and --seed need a number");
    }
  }
  const auto known = std::ranges::find_if(
      targets(), [&](const Target& target) { return !rest.empty() && target.name == rest[0]; });
  if (known == targets().end() || rest.size() < 2) {
    std::string names;
    for (const Target& target : targets()) names += fmt::format(" {}", target.name);
    return fail_with(
        "use: croft-fuzz-replay TARGET FILE-OR-FOLDER… [--mutations N] [--seed S]\n"
        "targets:" +
        names);
  }
  return replay(*known, {rest.begin() + 1, rest.end()}, numbers[0], numbers[1]);
}

}  // namespace
}  // namespace croft::fuzz

int main(int count, char** words) {
  return croft::fuzz::main_of({words + 1, words + count});
}
