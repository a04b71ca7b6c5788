// Plain structs to JSON and back, from their BOOST_DESCRIBE_STRUCT description. One codec for the
// files and messages that pass between croft's own programs, and for columns that hold a document.
//
// Reading is tolerant where a newer or older program may be on the other side: a missing key keeps
// the member's default, an unknown key is ignored, null empties an optional. A wrong type is an
// error with the JSON pointer of the place. Enumerators kLikeThis are written "like_this". A Secret
// does not compile.
#pragma once

#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <boost/mp11.hpp>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "base/time.h"

namespace croft {

// "kNotReady" -> "not_ready"
std::string enum_wire_name(std::string_view enumerator);

template <class E>
std::string enum_to_string(E value) {
  std::string name = "unknown";
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto d) {
    if (d.value == value) name = enum_wire_name(d.name);
  });
  return name;
}

template <class E>
std::optional<E> enum_from_string(std::string_view text) {
  std::optional<E> found;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto d) {
    if (enum_wire_name(d.name) == text) found = d.value;
  });
  return found;
}

namespace codec {

// How one type is written and read; specialised below. `read` returns false after noting the error.
template <class T, class = void>
struct Codec;

// Where reading failed first.
struct ReadError {
  std::string pointer;
  std::string message;
};

struct Reader {
  std::optional<ReadError> error;
  bool expected(std::string_view what) {
    if (!error) error = ReadError{{}, "expected " + std::string(what)};
    return false;
  }
  // Called while unwinding, innermost first.
  bool at(std::string_view key) {
    if (error) error->pointer = "/" + std::string(key) + error->pointer;
    return false;
  }
};

template <>
struct Codec<bool> {
  static boost::json::value write(bool v) { return v; }
  static bool read(const boost::json::value& j, bool& out, Reader& r) {
    if (!j.is_bool()) return r.expected("true or false");
    out = j.get_bool();
    return true;
  }
};

template <class T>
struct Codec<T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>>> {
  static boost::json::value write(T v) { return v; }
  static bool read(const boost::json::value& j, T& out, Reader& r) {
    boost::system::error_code error;
    const T value = j.is_number() ? j.to_number<T>(error) : T{};
    if (!j.is_number() || error) return r.expected("a whole number in range");
    out = value;
    return true;
  }
};

template <>
struct Codec<double> {
  static boost::json::value write(double v) { return v; }
  static bool read(const boost::json::value& j, double& out, Reader& r) {
    if (!j.is_number()) return r.expected("a number");
    out = j.to_number<double>();
    return true;
  }
};

template <>
struct Codec<std::string> {
  static boost::json::value write(const std::string& v) { return boost::json::string(v); }
  static bool read(const boost::json::value& j, std::string& out, Reader& r) {
    if (!j.is_string()) return r.expected("a string");
    out = std::string(std::string_view(j.get_string()));
    return true;
  }
};

template <>
struct Codec<boost::json::value> {
  static boost::json::value write(const boost::json::value& v) { return v; }
  static bool read(const boost::json::value& j, boost::json::value& out, Reader&) {
    out = j;
    return true;
  }
};

template <class Tag>
struct Codec<Id<Tag>> {
  static boost::json::value write(const Id<Tag>& v) { return boost::json::string(v.str()); }
  static bool read(const boost::json::value& j, Id<Tag>& out, Reader& r) {
    if (j.is_string() && j.get_string().empty()) return true;
    const auto id = j.is_string() ? Id<Tag>::parse(std::string_view(j.get_string())) : std::nullopt;
    if (!id) return r.expected("an id");
    out = *id;
    return true;
  }
};

template <>
struct Codec<Timestamp> {
  static boost::json::value write(Timestamp v) { return boost::json::string(format_rfc3339(v)); }
  static bool read(const boost::json::value& j, Timestamp& out, Reader& r) {
    const auto t = j.is_string() ? parse_rfc3339(std::string_view(j.get_string())) : std::nullopt;
    if (!t) return r.expected("a time (RFC 3339)");
    out = *t;
    return true;
  }
};

template <class E>
struct Codec<E, std::enable_if_t<std::is_enum_v<E>>> {
  static boost::json::value write(E v) { return boost::json::string(enum_to_string(v)); }
  static bool read(const boost::json::value& j, E& out, Reader& r) {
    const auto e =
        j.is_string() ? enum_from_string<E>(std::string_view(j.get_string())) : std::nullopt;
    if (!e) return r.expected("one of the known words");
    out = *e;
    return true;
  }
};

template <class T>
struct Codec<std::optional<T>> {
  static boost::json::value write(const std::optional<T>& v) {
    return v ? Codec<T>::write(*v) : boost::json::value(nullptr);
  }
  static bool read(const boost::json::value& j, std::optional<T>& out, Reader& r) {
    out.reset();
    return j.is_null() || Codec<T>::read(j, out.emplace(), r);
  }
};

template <class T>
struct Codec<std::vector<T>> {
  static boost::json::value write(const std::vector<T>& v) {
    boost::json::array array;
    for (const T& item : v) array.push_back(Codec<T>::write(item));
    return array;
  }
  static bool read(const boost::json::value& j, std::vector<T>& out, Reader& r) {
    if (!j.is_array()) return r.expected("a list");
    out.clear();
    for (const boost::json::value& item : j.get_array()) {
      T value{};
      if (!Codec<T>::read(item, value, r)) return r.at(std::to_string(out.size()));
      out.push_back(std::move(value));
    }
    return true;
  }
};

template <class T>
struct Codec<std::map<std::string, T>> {
  static boost::json::value write(const std::map<std::string, T>& v) {
    boost::json::object object;
    for (const auto& [key, item] : v) object[key] = Codec<T>::write(item);
    return object;
  }
  static bool read(const boost::json::value& j, std::map<std::string, T>& out, Reader& r) {
    if (!j.is_object()) return r.expected("an object");
    out.clear();
    for (const auto& [key, item] : j.get_object()) {
      if (!Codec<T>::read(item, out[std::string(key)], r)) return r.at(key);
    }
    return true;
  }
};

template <class T>
struct Codec<T, std::enable_if_t<boost::describe::has_describe_members<T>::value>> {
  using Members = boost::describe::describe_members<T, boost::describe::mod_public>;
  static boost::json::value write(const T& v) {
    boost::json::object object;
    boost::mp11::mp_for_each<Members>([&](auto d) {
      using M = std::remove_cvref_t<decltype(v.*d.pointer)>;
      object[d.name] = Codec<M>::write(v.*d.pointer);
    });
    return object;
  }
  static bool read(const boost::json::value& j, T& out, Reader& r) {
    if (!j.is_object()) return r.expected("an object");
    bool good = true;
    boost::mp11::mp_for_each<Members>([&](auto d) {
      const boost::json::value* item = good ? j.get_object().if_contains(d.name) : nullptr;
      if (item == nullptr) return;
      using M = std::remove_cvref_t<decltype(out.*d.pointer)>;
      if (!Codec<M>::read(*item, out.*d.pointer, r)) good = r.at(d.name);
    });
    return good;
  }
};

}  // namespace codec

template <class T>
boost::json::value to_json(const T& value) {
  return codec::Codec<T>::write(value);
}

template <class T>
std::string to_json_text(const T& value) {
  return boost::json::serialize(to_json(value));
}

// kInvalid with one located field when a value has the wrong type.
template <class T>
Result<T> from_json(const boost::json::value& json) {
  T value{};
  codec::Reader reader;
  if (codec::Codec<T>::read(json, value, reader)) return value;
  Error error(ErrorCode::kInvalid,
              (reader.error->pointer.empty() ? "the document" : reader.error->pointer) + ": " +
                  reader.error->message);
  return fail(std::move(error).with_field({reader.error->pointer, reader.error->message}));
}

// Parses with a nesting limit of 32 and no extensions; kInvalid names the byte offset.
Result<boost::json::value> parse_json(std::string_view text);

template <class T>
Result<T> from_json_text(std::string_view text) {
  auto json = parse_json(text);
  if (!json) return fail(std::move(json).error());
  return from_json<T>(*json);
}

}  // namespace croft
