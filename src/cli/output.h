// Where a command says things: data on standard output, progress and errors on standard error.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cli/failure.h"
#include "cli/io.h"

namespace croft::cli {

struct ApiField;

enum class Tone : unsigned char { kPlain, kGood, kBad, kWarn, kDim, kStrong };

class Output {
 public:
  // `json`: --json was given. `no_color`: --no-color was given.
  Output(Io& io, bool json, bool no_color);

  bool json() const { return json_; }

  // Standard output. Lines get their end here; text() does not add one.
  void line(std::string_view text);
  void text(std::string_view text);
  void table(const std::vector<std::vector<std::string>>& rows);
  // One JSON value on one line.
  void value(const boost::json::value& json);

  // Standard error.
  void progress(std::string_view text);  // silent with --quiet
  void note(std::string_view text);
  void warning(const ApiField& complaint);  // with its place, when it has one
  void failure(const Failure& failure);

  // `text` in a colour when standard output (or standard error) shows colours.
  std::string paint(std::string_view text, Tone tone) const;
  std::string paint_err(std::string_view text, Tone tone) const;
  bool colours() const { return out_colours_; }
  void set_quiet(bool quiet) { quiet_ = quiet; }

 private:
  Io& io_;
  bool json_;
  bool quiet_ = false;
  bool out_colours_;
  bool err_colours_;
};

// The tone of a status word of the API: active, ready, finished good; failed bad; stopped dim.
Tone tone_of(std::string_view status);

}  // namespace croft::cli
