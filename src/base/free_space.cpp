#include "base/free_space.h"

#include <fmt/format.h>

namespace croft {

Status check_free_space(const std::filesystem::path& folder, std::uint64_t least_bytes) {
  std::error_code error;
  const auto space = std::filesystem::space(folder, error);
  if (error || space.available >= least_bytes) return {};
  return fail(ErrorCode::kExhausted,
              fmt::format("only {} MiB are free in {}, and less than {} MiB is too little for "
                          "uploads, builds and images: free some space there, then try again; "
                          "what runs goes on",
                          space.available >> 20, folder.string(), least_bytes >> 20));
}

}  // namespace croft
