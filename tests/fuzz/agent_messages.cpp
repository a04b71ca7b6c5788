#include "core/once_book.h"
#include "fuzz.h"
#include "model/core_state.h"
#include "model/log_record.h"
#include "model/node_state.h"

using namespace croft;

namespace {

// Whatever is understood is written, and that is read as the same.
template <class T>
void read_and_write(std::string_view text) {
  const auto value = from_json_text<T>(text);
  if (!value) return fuzz::expect_told(value.error());
  const std::string written = to_json_text(*value);
  const auto again = from_json_text<T>(written);
  check(again.has_value(), "what was written can be read");
  check(to_json_text(*again) == written, "what was read is what was written");
}

void read_and_write_records(std::string_view text) {
  const auto records = read_log_records(text);
  if (!records) {
    fuzz::expect_told(records.error());
    return check(records.error().message().find("line") != std::string::npos,
                 "a broken batch says which line");
  }
  const auto written = write_log_records(*records);
  const auto again = read_log_records(written);
  check(again && write_log_records(*again) == written, "records read back the same");
}

}  // namespace

// What croft's programs and containers send to each other as JSON; the first byte says which.
FUZZ_TARGET(agent_messages) {
  fuzz::Choices choices(input);
  const auto kind = choices.below(10);
  const std::string_view text = choices.rest();
  switch (kind) {
    case 0:
      return read_and_write<NodeObserved>(text);
    case 1:
      return read_and_write<NodeDesired>(text);
    case 2:
      return read_and_write<CoreObserved>(text);
    case 3:
      return read_and_write<CoreDesired>(text);
    case 4:
      return read_and_write<HealthLine>(text);
    case 5:
      return read_and_write<CoreLine>(text);
    case 6:
      return read_and_write<ExitReport>(text);
    case 7:
      return read_and_write<InitConfig>(text);
    case 8:
      return read_and_write<OnceRequest>(text);
    default:
      return read_and_write_records(text);
  }
}
