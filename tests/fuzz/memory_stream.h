// A connection whose peer's bytes are all known in advance.
#pragma once

#include <string>

#include "net/byte_stream.h"

namespace croft::fuzz {

class MemoryStream final : public ByteStream {
 public:
  // `input` comes in pieces of at most `piece` bytes (1 or more), then the peer has finished.
  // What is written goes to `output`, which outlives the stream.
  MemoryStream(std::string input, std::size_t piece, std::string& output)
      : input_(std::move(input)), piece_(piece), output_(output) {}

  Task<Result<std::string>> read_some(std::size_t max_bytes, Millis) override {
    if (closed_) co_return fail(ErrorCode::kCancelled, "the connection was closed here");
    std::string taken = input_.substr(at_, std::min(max_bytes, piece_));
    at_ += taken.size();
    co_return taken;
  }
  Task<Status> write_all(std::string data, Millis) override {
    if (closed_) co_return fail(ErrorCode::kCancelled, "the connection was closed here");
    output_ += data;
    co_return Status();
  }
  Task<Status> shutdown_write() override { co_return Status(); }
  void close() override { closed_ = true; }

 private:
  std::string input_;
  std::size_t at_ = 0;
  std::size_t piece_;
  std::string& output_;
  bool closed_ = false;
};

}  // namespace croft::fuzz
