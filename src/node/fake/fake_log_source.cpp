#include "node/fake/fake_log_source.h"

namespace croft::node {

class FakeLogStream final : public engine::LogStream {
 public:
  FakeLogStream(FakeLogSource& source, std::shared_ptr<FakeLogSource::Container> container,
                std::optional<std::int64_t> since)
      : source_(source),
        container_(std::move(container)),
        since_(since.value_or(INT64_MIN)),
        generation_(source.generation_),
        signal_(source.runtime_) {
    source_.readers_.insert(&signal_);
  }
  ~FakeLogStream() override { source_.readers_.erase(&signal_); }

  Task<Result<std::optional<engine::LogFrame>>> next() override {
    for (;;) {
      if (generation_ != source_.generation_) {
        co_return fail(ErrorCode::kUnavailable, "read a log: the engine went away");
      }
      while (place_ < container_->frames.size()) {
        engine::LogFrame frame = container_->frames[place_++];
        if (frame.time_ns >= since_) co_return frame;
      }
      if (!container_->info.running) co_return std::nullopt;
      const bool woken = co_await signal_.wait_for(Millis(60'000));
      if (!woken) co_return fail(ErrorCode::kCancelled, "read a log: nobody waits for it");
    }
  }

 private:
  FakeLogSource& source_;
  std::shared_ptr<FakeLogSource::Container> container_;
  std::int64_t since_;
  int generation_;
  std::size_t place_ = 0;
  Signal signal_;
};

Task<Result<std::vector<LogContainer>>> FakeLogSource::list() {
  if (!available_) co_return fail(ErrorCode::kUnavailable, "list containers: no engine answers");
  std::vector<LogContainer> all;
  for (const auto& [id, container] : containers_) all.push_back(container->info);
  co_return all;
}

Task<Result<std::unique_ptr<engine::LogStream>>> FakeLogSource::open(
    std::string id, std::optional<std::int64_t> since_ns) {
  if (!available_) co_return fail(ErrorCode::kUnavailable, "read a log: no engine answers");
  const auto it = containers_.find(id);
  if (it == containers_.end()) co_return fail(ErrorCode::kNotFound, "read a log: no container");
  ++opened_;
  co_return std::make_unique<FakeLogStream>(*this, it->second, since_ns);
}

void FakeLogSource::add(LogContainer container) {
  container.running = true;
  const std::string id = container.id;
  containers_[id] = std::make_shared<Container>(Container{.info = std::move(container)});
}

void FakeLogSource::print(const std::string& id, engine::LogFrame frame) {
  containers_.at(id)->frames.push_back(std::move(frame));
  wake_all();
}

void FakeLogSource::end(const std::string& id) {
  containers_.at(id)->info.running = false;
  wake_all();
}

void FakeLogSource::remove(const std::string& id) {
  end(id);
  containers_.erase(id);
}

void FakeLogSource::break_streams() {
  ++generation_;
  wake_all();
}

void FakeLogSource::wake_all() {
  for (Signal* reader : readers_) reader->notify();
}

}  // namespace croft::node
