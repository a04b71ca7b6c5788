#include "cli/output.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "cli/api_types.h"
#include "cli/text.h"

namespace croft::cli {
namespace {

// NO_COLOR wins, then CLICOLOR_FORCE, then whether it is a terminal that can (no-color.org,
// bixense.com/clicolors).
bool wants_colours(const Io& io, bool no_color, bool is_terminal) {
  if (no_color || !io.variable("NO_COLOR").empty()) return false;
  const std::string force = io.variable("CLICOLOR_FORCE");
  if (!force.empty() && force != "0") return true;
  if (io.variable("CLICOLOR") == "0") return false;
  return is_terminal && io.variable("TERM") != "dumb";
}

std::string painted(std::string_view text, Tone tone, bool colours) {
  if (!colours || tone == Tone::kPlain) return std::string(text);
  const char* code = "0";
  switch (tone) {
    case Tone::kGood:
      code = "32";
      break;
    case Tone::kBad:
      code = "31";
      break;
    case Tone::kWarn:
      code = "33";
      break;
    case Tone::kDim:
      code = "2";
      break;
    case Tone::kStrong:
      code = "1";
      break;
    case Tone::kPlain:
      break;
  }
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

boost::json::object failure_json(const Failure& failure) {
  boost::json::object error;
  error["code"] = to_string(failure.error.code());
  error["message"] = failure.error.message();
  error["exit_code"] = failure.exit;
  if (!failure.hint.empty()) error["hint"] = failure.hint;
  if (!failure.request_id.empty()) error["request_id"] = failure.request_id;
  boost::json::array fields;
  for (const FieldError& field : failure.error.fields()) {
    fields.push_back(boost::json::object{{"pointer", field.pointer},
                                         {"message", field.message},
                                         {"file", field.file},
                                         {"line", field.line},
                                         {"column", field.column}});
  }
  error["errors"] = std::move(fields);
  return {{"error", std::move(error)}};
}

std::string field_text(const FieldError& field) {
  if (field.line > 0) {
    return fmt::format("{}:{}:{}: {}", field.file, field.line, field.column, field.message);
  }
  if (!field.file.empty()) return fmt::format("{}: {}", field.file, field.message);
  if (!field.pointer.empty()) return fmt::format("{}: {}", field.pointer, field.message);
  return field.message;
}

}  // namespace

Output::Output(Io& io, bool json, bool no_color)
    : io_(io),
      json_(json),
      out_colours_(!json && wants_colours(io, no_color, io.out_is_terminal)),
      err_colours_(wants_colours(io, no_color, io.err_is_terminal)) {}

void Output::line(std::string_view text) {
  io_.out(std::string(text) + "\n");
}

void Output::text(std::string_view text) {
  io_.out(text);
}

void Output::table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::vector<std::string>> styled = rows;
  if (!styled.empty()) {
    for (std::string& head : styled.front()) head = paint(head, Tone::kDim);
  }
  io_.out(format_table(styled));
}

void Output::value(const boost::json::value& json) {
  io_.out(boost::json::serialize(json) + "\n");
}

void Output::progress(std::string_view text) {
  if (!quiet_) io_.err(std::string(text) + "\n");
}

void Output::note(std::string_view text) {
  io_.err(std::string(text) + "\n");
}

void Output::warning(const ApiField& complaint) {
  const std::string place = complaint.line > 0 ? fmt::format("{}:{}:{}: ", complaint.file,
                                                             complaint.line, complaint.column)
                                               : "";
  note(paint_err("warning:", Tone::kWarn) + " " +
       safe_text(place + complaint.message, Escapes::kNone));
}

void Output::failure(const Failure& failure) {
  if (failure.reported) return;
  if (json_) {
    io_.err(boost::json::serialize(failure_json(failure)) + "\n");
    return;
  }
  std::string text = fmt::format("{} {}\n", paint_err("error:", Tone::kBad),
                                 safe_text(failure.error.message(), Escapes::kNone));
  for (const FieldError& field : failure.error.fields()) {
    const std::string located = safe_text(field_text(field), Escapes::kNone);
    if (located != failure.error.message()) text += "  " + located + "\n";
  }
  if (!failure.hint.empty()) text += fmt::format("  → {}\n", failure.hint);
  if (!failure.request_id.empty()) {
    text += paint_err(fmt::format("  request {}", failure.request_id), Tone::kDim) + "\n";
  }
  io_.err(text);
}

std::string Output::paint(std::string_view text, Tone tone) const {
  return painted(text, tone, out_colours_);
}

std::string Output::paint_err(std::string_view text, Tone tone) const {
  return painted(text, tone, err_colours_);
}

Tone tone_of(std::string_view status) {
  for (const std::string_view good : {"active", "ready", "finished", "ok", "pass", "done"}) {
    if (status == good) return Tone::kGood;
  }
  for (const std::string_view dim : {"stopped", "backup", "pending", "canceled", "cancelled"}) {
    if (status == dim) return Tone::kDim;
  }
  if (status == "failed" || status == "down" || status == "fail" || status == "unhealthy" ||
      status.ends_with("_failed")) {
    return Tone::kBad;
  }
  return Tone::kWarn;
}

}  // namespace croft::cli
