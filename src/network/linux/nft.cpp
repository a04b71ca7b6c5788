#include "network/linux/nft.h"

#include <fmt/format.h>
#include <nftables/libnftables.h>

namespace croft {
namespace {

struct ContextCloser {
  void operator()(nft_ctx* context) const { nft_ctx_free(context); }
};

struct Outcome {
  int status = 0;
  std::string output;
  std::string errors;
};

// A context per call: its cache of the kernel's rules would be the largest thing in our memory.
Result<Outcome> run(const std::string& script) {
  const std::unique_ptr<nft_ctx, ContextCloser> context(nft_ctx_new(NFT_CTX_DEFAULT));
  if (!context || nft_ctx_buffer_output(context.get()) != 0 ||
      nft_ctx_buffer_error(context.get()) != 0) {
    return fail(ErrorCode::kFailed, "nftables: no context; is the process allowed NET_ADMIN?");
  }
  Outcome outcome;
  outcome.status = nft_run_cmd_from_buffer(context.get(), script.c_str());
  if (const char* text = nft_ctx_get_output_buffer(context.get())) outcome.output = text;
  if (const char* text = nft_ctx_get_error_buffer(context.get())) outcome.errors = text;
  return outcome;
}

}  // namespace

Status run_nft(const std::string& script) {
  auto outcome = run(script);
  if (!outcome) return fail(std::move(outcome).error());
  if (outcome->status == 0) return {};
  const std::string first = outcome->errors.substr(0, outcome->errors.find('\n'));
  return fail(ErrorCode::kFailed, fmt::format("nftables refused the rules: {}", first),
              outcome->errors.substr(0, 4000));
}

Result<bool> nft_table_exists(const std::string& table) {
  auto outcome = run("list tables");
  if (!outcome) return fail(std::move(outcome).error());
  if (outcome->status != 0) {
    return fail(ErrorCode::kFailed, "nftables: cannot list tables", outcome->errors);
  }
  return ("\n" + outcome->output).find("\ntable " + table + "\n") != std::string::npos;
}

Result<std::string> nft_list(const std::string& command) {
  auto outcome = run(command);
  if (!outcome) return fail(std::move(outcome).error());
  if (outcome->status != 0) {
    return fail(ErrorCode::kFailed, fmt::format("nftables: {}", command), outcome->errors);
  }
  return std::move(outcome->output);
}

}  // namespace croft
