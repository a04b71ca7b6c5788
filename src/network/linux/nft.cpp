#include "network/linux/nft.h"

#include <fmt/format.h>

#include <charconv>

#include "base/spawn.h"

namespace croft {
namespace {

constexpr std::chrono::seconds kLimit{60};
constexpr std::size_t kMaxOutputBytes = 64u << 20;

// The script on standard input; what it printed.
Result<std::string> run(const std::string& script) {
  auto result = run_program({.argv = {"nft", "-f", "-"},
                             .input = script,
                             .timeout = kLimit,
                             .max_output_bytes = kMaxOutputBytes});
  if (!result) return fail(std::move(result).error());
  if (result->timed_out) {
    return fail(ErrorCode::kTimeout,
                fmt::format("nft did not end within {} s and was stopped", kLimit.count()));
  }
  if (result->exit_code == 0) return std::move(result->output);
  const std::string first = result->errors.substr(0, result->errors.find('\n'));
  return fail(ErrorCode::kFailed, fmt::format("nftables refused the rules: {}", first),
              result->errors.substr(0, 4000));
}

}  // namespace

Status run_nft(const std::string& script) {
  auto done = run(script);
  if (!done) return fail(std::move(done).error());
  return {};
}

Result<bool> nft_table_exists(const std::string& table) {
  const auto tables = run("list tables\n");
  if (!tables) return fail(tables.error());
  return ("\n" + *tables).find("\ntable " + table + "\n") != std::string::npos;
}

Result<std::string> nft_list(const std::string& command) {
  return run(command + "\n");
}

std::int64_t counted_packets(std::string_view listed, std::string_view name) {
  constexpr std::string_view kPackets = "packets ";
  const std::size_t head = listed.find(fmt::format("counter {} {{", name));
  if (head == std::string_view::npos) return 0;
  std::size_t at = listed.find(kPackets, head);
  if (at == std::string_view::npos) return 0;
  at += kPackets.size();
  std::int64_t packets = 0;
  std::from_chars(listed.data() + at, listed.data() + listed.size(), packets);
  return packets;
}

}  // namespace croft
