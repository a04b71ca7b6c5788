#include "node/line_reader.h"

namespace croft::node {

Task<Result<std::optional<std::string>>> LineReader::next() {
  std::size_t searched = 0;
  while (true) {
    const std::size_t end = pending_.find('\n', searched);
    if (end == 0) {
      pending_.erase(0, 1);
      searched = 0;
      continue;
    }
    if (end != std::string::npos) {
      std::string line = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      co_return std::move(line);
    }
    searched = pending_.size();
    if (pending_.size() > max_line_bytes_) {
      co_return fail(ErrorCode::kTooLarge, "a line is longer than the peer may send");
    }
    auto piece = co_await source_.next();
    if (!piece) co_return fail(std::move(piece).error());
    if (!*piece) co_return std::nullopt;
    pending_ += **piece;
  }
}

}  // namespace croft::node
