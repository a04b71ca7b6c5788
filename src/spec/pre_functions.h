// The functions and modifiers of the preprocessor.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"

namespace croft::spec {

// Errors are kInvalid with a message for the user and no place: the caller knows it.
class PreFunctions {
 public:
  // `variables` is what setVar and the key generators write to; the caller reads them.
  // `throwaway`: keys and hashes of the right form that cost little and protect nothing.
  PreFunctions(Random& random, const Clock& clock, std::filesystem::path zoneinfo, bool throwaway,
               std::map<std::string, std::string>& variables)
      : random_(random),
        clock_(clock),
        zoneinfo_(std::move(zoneinfo)),
        throwaway_(throwaway),
        variables_(variables) {}

  Result<std::string> call(std::string_view name, const std::vector<std::string>& params);
  Result<std::string> modify(std::string_view name, const std::string& value);

 private:
  using Params = std::vector<std::string>;
  Result<std::string> random_bytes(const std::string& length);
  Result<std::string> random_int(const Params& params);
  Result<std::string> date_time(const Params& params) const;
  Result<std::string> jwt(const Params& params) const;
  Result<std::string> key_pair(std::string_view function, const std::string& name);
  bool mercury_in_retrograde() const;

  Random& random_;
  const Clock& clock_;
  std::filesystem::path zoneinfo_;
  bool throwaway_;
  std::map<std::string, std::string>& variables_;
};

// One character for each byte, of [a-zA-Z0-9_-.]: `toString`, and what random strings are made
// with.
std::string bytes_to_string(std::string_view bytes);
std::string bytes_to_hex(std::string_view bytes);

}  // namespace croft::spec
