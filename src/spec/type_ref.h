// Service type and base strings: `nodejs@22`, `alpine/nodejs@24`, `postgresql:ha@18`, `static`.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "spec/yaml.h"

namespace croft::spec {

// Grammar: [os/]name[:variant][@version]. Whether it exists is the catalog's business.
struct TypeRef {
  std::string os;       // "alpine", "ubuntu"; empty: not said
  std::string name;     // "nodejs", "php-apache", "ubuntu"
  std::string variant;  // "ha", "single"; empty: not said
  std::string version;  // "22", "8.1+2.4", "latest"; empty: not said

  bool operator==(const TypeRef&) const = default;
  std::string text() const;  // back to the string form
};

// nullopt when `text` does not have the form above. A bare version (`22.04`, `3.20`) names a
// release of `os`, or, when that is empty, of alpine if it begins with "3." and of ubuntu
// otherwise.
std::optional<TypeRef> parse_type_ref(std::string_view text, std::string_view os = {});

// A type as written in a file.
struct TypeUse {
  TypeRef type;
  std::string text;
  Position at;
  std::string pointer;
};

// Where keys stand, for complaints that only a real service and its environment give rise to.
using Places = std::map<std::string, Position>;

enum class TypeRole : unsigned char { kBuildBase, kRunBase, kService };

// What the catalog says about a type. `nearest` is a type string to suggest; may be empty.
struct TypeAnswer {
  enum class Verdict : unsigned char { kOk, kUnknownType, kUnknownVersion };
  Verdict verdict = Verdict::kOk;
  std::string nearest;
};

// Null: types are not checked.
using TypeResolver = std::function<TypeAnswer(const TypeRef&, TypeRole)>;

// What to say when the answer is not kOk: "the catalog has no type 'x'; the nearest is 'y'".
std::string describe_unknown(const TypeUse& use, const TypeAnswer& answer);

}  // namespace croft::spec
