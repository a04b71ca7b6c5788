// What all streams of a run share.
#pragma once

#include "http1.h"
#include "link.h"
#include "recorder.h"
#include "stream_spec.h"

namespace croft::load {

struct Run {
  Runtime& runtime;
  TlsSettings tls;
  AnswerHeaders names;
  RunStart start;
  TimePoint end;         // nothing new starts after it
  bool stopped = false;  // or after this was set

  bool over() const { return stopped || std::chrono::steady_clock::now() >= end; }
};

// Returns early when the run is over.
Task<void> sleep_until(const Run& run, TimePoint until);

}  // namespace croft::load
