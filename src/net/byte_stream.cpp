#include "net/byte_stream.h"

#include <fmt/format.h>

namespace croft {

Task<Result<std::optional<std::string>>> StringSource::next() {
  if (data_.empty()) co_return std::nullopt;
  co_return std::exchange(data_, {});
}

Task<Result<std::string>> read_all(ByteSource& source, std::size_t max_bytes) {
  std::string all;
  while (true) {
    auto piece = co_await source.next();
    if (!piece) co_return fail(std::move(piece).error());
    if (!*piece) co_return all;
    if ((*piece)->size() > max_bytes - all.size()) {
      co_return fail(ErrorCode::kTooLarge, fmt::format("more than {} bytes", max_bytes));
    }
    all += **piece;
  }
}

}  // namespace croft
