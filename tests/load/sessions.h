// Sessions that are held for as long as the run lasts: WebSocket and TCP echo a beat, SSE counts.
// One session is one attempt. It is ok when it lives until the end of the run, or until the server
// ends it in a way that the stream accepts; then the next one is opened.
#pragma once

#include <optional>
#include <string>

#include "run.h"
#include "task/group.h"

namespace croft::load {

class SessionStream {
 public:
  // `run` and `spec` must outlive it.
  SessionStream(const Run& run, const StreamSpec& spec);

  Task<void> start();
  const Recorder& recorder() const { return recorder_; }
  const StreamSpec& spec() const { return spec_; }

 private:
  // How a session ended.
  struct End {
    Verdict verdict;
    bool by_us = false;  // the run is over
  };

  Task<void> keep_one(int number);
  Task<End> hold(Link& link, std::int64_t number);
  Task<End> hold_web_socket(Link& link, std::int64_t number);
  // Sends one beat and waits for its echo; nullopt when it came.
  Task<std::optional<End>> beat_web_socket(Link& link, std::string text, std::string* input);
  Task<End> hold_events(Link& link);
  Task<End> hold_tcp(Link& link, std::int64_t number);
  // Sends the opening request and checks the status of the answer.
  Task<Verdict> open_session(Link& link, const HttpHeaders& fields, int wanted_status,
                             HttpParser& parser, std::string* input);
  End ended_by_web_socket(int code) const;
  TimePoint next_limit() const;
  std::chrono::steady_clock::duration period() const;

  const Run& run_;
  const StreamSpec& spec_;
  Recorder recorder_;
  Group sessions_;
  std::int64_t opened_ = 0;
};

}  // namespace croft::load
