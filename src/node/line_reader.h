// Lines of a response body that does not end.
#pragma once

#include <string>

#include "net/byte_stream.h"

namespace croft::node {

class LineReader {
 public:
  // `source` outlives the reader.
  LineReader(ByteSource& source, std::size_t max_line_bytes)
      : source_(source), max_line_bytes_(max_line_bytes) {}

  // The next line that is not empty, without its end; nullopt when the source ended. kTooLarge for
  // a longer one.
  Task<Result<std::optional<std::string>>> next();

 private:
  ByteSource& source_;
  std::size_t max_line_bytes_;
  std::string pending_;
};

}  // namespace croft::node
