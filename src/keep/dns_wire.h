// The two kinds of DNS messages that the edge's relay handles (RFC 1035): questions of Caddy, whose
// last label says which core is to be asked, and the cores' answers. Standard library only.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace croft::relay {

inline constexpr std::size_t kMaxMessageBytes = 1232;  // of Caddy's resolver, and of the cores

using Address = std::array<std::uint8_t, 16>;  // IPv6

struct Question {
  std::uint16_t id = 0;
  bool recursion_desired = false;
  std::string asked;  // name, type and class as on the wire: it is echoed
  // Whom to ask, and what: the name without its last label, which is that address as 32 hexadecimal
  // digits. None when the question is not of that form, or not for AAAA.
  std::optional<Address> core;
  std::string forwarded;
};

// nullopt: not a query with exactly one question, or the name is not whole.
std::optional<Question> read_question(std::string_view message);

// What goes to the core, under another id.
std::string build_query(const Question& question, std::uint16_t id);

// Addresses in the core's answer to that query; empty when it knows no such name, or has none for
// it. nullopt: these bytes are not the answer.
std::optional<std::vector<Address>> read_answer(std::string_view message, const Question& question,
                                                std::uint16_t id);

// For Caddy: TTL 0, as many as fit; without addresses, that the name does not exist.
std::string build_answer(const Question& question, const std::vector<Address>& addresses);

}  // namespace croft::relay
