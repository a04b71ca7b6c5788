// same(): whether two values are equal, member by member as BOOST_DESCRIBE_STRUCT lists them. For
// plain structs that hold such structs in turn; anything else is compared by its own ==.
#pragma once

#include <algorithm>
#include <boost/describe.hpp>
#include <boost/mp11.hpp>
#include <optional>
#include <vector>

namespace croft {

template <class T>
bool same(const T& a, const T& b);

template <class T>
bool same(const std::vector<T>& a, const std::vector<T>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const T& x, const T& y) { return same(x, y); });
}

template <class T>
bool same(const std::optional<T>& a, const std::optional<T>& b) {
  return a.has_value() == b.has_value() && (!a || same(*a, *b));
}

template <class T>
bool same(const T& a, const T& b) {
  if constexpr (boost::describe::has_describe_members<T>::value) {
    using Members = boost::describe::describe_members<T, boost::describe::mod_public>;
    bool equal = true;
    boost::mp11::mp_for_each<Members>(
        [&](auto d) { equal = equal && same(a.*d.pointer, b.*d.pointer); });
    return equal;
  } else {
    return a == b;
  }
}

}  // namespace croft
