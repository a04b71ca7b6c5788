#include "spec/yaml.h"

#include <fmt/format.h>
#include <yaml.h>

#include <unordered_map>

#include "spec/utf8.h"

namespace croft::spec {
namespace {

constexpr std::size_t kMaxComplaints = 50;
constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";

Position position_of_mark(const yaml_mark_t& mark) {
  return {static_cast<int>(mark.line) + 1, static_cast<int>(mark.column) + 1};
}

std::string_view text_of(const yaml_char_t* text) {
  return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

bool is_known_tag(std::string_view tag) {
  if (tag.empty() || tag == "!") return true;
  if (!tag.starts_with(kTagPrefix)) return false;
  const std::string_view name = tag.substr(kTagPrefix.size());
  for (const std::string_view known :
       {"str", "int", "float", "bool", "null", "map", "seq", "merge"}) {
    if (name == known) return true;
  }
  return false;
}

// Collections that have begun and not ended.
struct Frame {
  std::shared_ptr<Node> node;
  std::string anchor;
  bool has_key = false;  // of a mapping: `key` waits for its value
  bool key_merges = false;
  std::string key;
  Position key_at;
  std::unordered_map<std::string, std::size_t> index;  // key → entry
  std::vector<NodePtr> merges;                         // what << names, strongest first
};

class Builder {
 public:
  Builder(std::string_view file, std::string_view text, const YamlLimits& limits)
      : file_(file), text_(text), limits_(limits) {}
  ~Builder() { yaml_parser_delete(&parser_); }
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;

  Result<NodePtr> run();

 private:
  using Event = std::unique_ptr<yaml_event_t, decltype(&yaml_event_delete)>;

  // Each handler answers false when parsing cannot go on (the complaint is in errors_ then).
  bool handle(const yaml_event_t& event);
  bool begin_collection(NodeKind kind, const yaml_event_t& event, std::string_view anchor,
                        std::string_view tag);
  bool end_collection();
  bool add_scalar(const yaml_event_t& event);
  bool add_alias(const yaml_event_t& event);
  bool add(NodePtr node, Position at, std::string anchor);
  bool add_key(const Node& node, Position at);
  bool add_entry(Frame& frame, NodePtr node, Position at);
  bool collect_merge(Frame& frame, const NodePtr& node, Position at);
  bool apply_merges(Frame& frame);
  bool grow(Frame& frame, std::size_t weight, Position at);

  std::string pointer() const;
  bool complain(Position at, std::string message, ErrorCode code = ErrorCode::kInvalid);
  bool complain_about_parser();

  std::string_view file_;
  std::string_view text_;
  const YamlLimits& limits_;
  yaml_parser_t parser_{};
  std::vector<Frame> frames_;
  std::unordered_map<std::string, NodePtr> anchors_;
  NodePtr root_;
  int documents_ = 0;
  std::vector<FieldError> errors_;
  ErrorCode code_ = ErrorCode::kInvalid;
};

bool Builder::complain(Position at, std::string message, ErrorCode code) {
  errors_.push_back({.pointer = pointer(),
                     .message = std::move(message),
                     .file = std::string(file_),
                     .line = at.line,
                     .column = at.column});
  code_ = code;
  return false;
}

std::string Builder::pointer() const {
  std::string result;
  for (const Frame& frame : frames_) {
    if (frame.node->kind == NodeKind::kSequence) {
      result += pointer_step(frame.node->items.size());
    } else if (frame.has_key) {
      result += pointer_step(frame.key);
    }
  }
  return result;
}

// Says in our words what the scanner or parser of libyaml could not go on with.
bool Builder::complain_about_parser() {
  if (parser_.error == YAML_MEMORY_ERROR) {
    return complain({}, "out of memory", ErrorCode::kExhausted);
  }
  if (parser_.error == YAML_READER_ERROR) {
    return complain(position_of(text_, parser_.problem_offset),
                    fmt::format("not readable as text: {}", parser_.problem));
  }
  const std::size_t offset = parser_.problem_mark.index;
  const Position at = position_of_mark(parser_.problem_mark);
  std::size_t byte = 0;  // libyaml's index counts characters
  for (std::size_t seen = 0; byte < text_.size(); ++byte) {
    if ((static_cast<unsigned char>(text_[byte]) & 0xC0) == 0x80) continue;
    if (seen++ == offset) break;
  }
  if (byte < text_.size() && text_[byte] == '\t') {
    return complain(at, "a tab cannot indent YAML: use spaces");
  }
  std::string message = fmt::format("not valid YAML: {}", parser_.problem);
  if (parser_.context != nullptr) {
    const Position context = position_of_mark(parser_.context_mark);
    message += fmt::format(" ({} begun at {}:{})", parser_.context, context.line, context.column);
  }
  return complain(at, std::move(message));
}

// Counts `weight` more nodes in the collection; refuses before anything is copied.
bool Builder::grow(Frame& frame, std::size_t weight, Position at) {
  frame.node->weight += weight;
  if (frame.node->weight <= limits_.max_nodes) return true;
  return complain(
      at, fmt::format("more than {} values once aliases are expanded: refused", limits_.max_nodes),
      ErrorCode::kTooLarge);
}

bool Builder::begin_collection(NodeKind kind, const yaml_event_t& event, std::string_view anchor,
                               std::string_view tag) {
  const Position at = position_of_mark(event.start_mark);
  if (!is_known_tag(tag)) {
    return complain(at, fmt::format("the tag {} is not supported: remove it", tag));
  }
  if (static_cast<int>(frames_.size()) >= limits_.max_depth) {
    return complain(at, fmt::format("nested deeper than {} levels: refused", limits_.max_depth),
                    ErrorCode::kTooLarge);
  }
  if (!frames_.empty() && frames_.back().node->kind == NodeKind::kMapping &&
      !frames_.back().has_key) {
    return complain(at, "a key must be text, not a list or a mapping");
  }
  Frame frame;
  frame.node = std::make_shared<Node>();
  frame.node->kind = kind;
  frame.node->at = at;
  frame.node->tag = tag == "!" ? std::string_view() : tag;
  frame.anchor = anchor;
  frames_.push_back(std::move(frame));
  return true;
}

bool Builder::end_collection() {
  if (!apply_merges(frames_.back())) return false;
  Frame frame = std::move(frames_.back());
  frames_.pop_back();
  const Position at = frame.node->at;
  return add(std::move(frame.node), at, std::move(frame.anchor));
}

bool Builder::add_scalar(const yaml_event_t& event) {
  const auto& scalar = event.data.scalar;
  const Position at = position_of_mark(event.start_mark);
  const std::string_view tag = text_of(scalar.tag);
  if (!is_known_tag(tag)) {
    return complain(at, fmt::format("the tag {} is not supported: remove it", tag));
  }
  auto node = std::make_shared<Node>();
  node->at = at;
  node->tag = tag == "!" ? "tag:yaml.org,2002:str" : tag;
  node->text.assign(reinterpret_cast<const char*>(scalar.value), scalar.length);
  switch (scalar.style) {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE:
      node->style = ScalarStyle::kSingleQuoted;
      break;
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
      node->style = ScalarStyle::kDoubleQuoted;
      break;
    case YAML_LITERAL_SCALAR_STYLE:
      node->style = ScalarStyle::kLiteral;
      break;
    case YAML_FOLDED_SCALAR_STYLE:
      node->style = ScalarStyle::kFolded;
      break;
    default:
      node->style = ScalarStyle::kPlain;
      break;
  }
  return add(std::move(node), at, std::string(text_of(scalar.anchor)));
}

bool Builder::add_alias(const yaml_event_t& event) {
  const Position at = position_of_mark(event.start_mark);
  const std::string name(text_of(event.data.alias.anchor));
  for (const Frame& frame : frames_) {
    if (frame.anchor == name) {
      return complain(
          at, fmt::format("*{} stands inside the value that &{} names: a cycle", name, name));
    }
  }
  const auto found = anchors_.find(name);
  if (found == anchors_.end()) {
    return complain(at, fmt::format("*{} has no anchor: write &{} before it", name, name));
  }
  return add(found->second, at, {});
}

bool Builder::add(NodePtr node, Position at, std::string anchor) {
  if (!anchor.empty()) anchors_[anchor] = node;
  if (frames_.empty()) {
    root_ = std::move(node);
    return true;
  }
  Frame& frame = frames_.back();
  if (static_cast<int>(frames_.size()) + node->height > limits_.max_depth) {
    return complain(at, fmt::format("nested deeper than {} levels: refused", limits_.max_depth),
                    ErrorCode::kTooLarge);
  }
  if (frame.node->kind == NodeKind::kMapping && !frame.has_key) return add_key(*node, at);
  if (!grow(frame, node->weight, at)) return false;
  frame.node->height = std::max(frame.node->height, node->height + 1);
  if (frame.node->kind == NodeKind::kMapping) return add_entry(frame, std::move(node), at);
  frame.node->items.push_back(std::move(node));
  return true;
}

bool Builder::add_key(const Node& node, Position at) {
  Frame& frame = frames_.back();
  if (node.kind != NodeKind::kScalar) {
    return complain(at, "a key must be text, not a list or a mapping");
  }
  if (node.text.size() > limits_.max_key_bytes) {
    return complain(at,
                    fmt::format("a key of {} bytes; at most {} are allowed", node.text.size(),
                                limits_.max_key_bytes),
                    ErrorCode::kTooLarge);
  }
  frame.key_merges =
      node.text == "<<" && (node.is_plain() || node.tag == "tag:yaml.org,2002:merge");
  frame.key = node.text;
  frame.key_at = at;
  frame.has_key = true;
  return true;
}

bool Builder::add_entry(Frame& frame, NodePtr node, Position at) {
  if (frame.key_merges) {
    if (!collect_merge(frame, node, at)) return false;
  } else if (const auto [seen, fresh] = frame.index.emplace(frame.key, frame.node->entries.size());
             fresh) {
    if (!grow(frame, 1, at)) return false;
    frame.node->entries.push_back({frame.key, frame.key_at, std::move(node), {}});
  } else {
    // Every duplicate of the file is worth a complaint, so this one does not end the parse (many
    // do).
    if (errors_.size() >= kMaxComplaints) return false;
    const Position first = frame.node->entries[seen->second].at;
    complain(frame.key_at, fmt::format("the key '{}' is already set at {}:{}", frame.key,
                                       first.line, first.column));
  }
  frame.has_key = false;
  return true;
}

bool Builder::collect_merge(Frame& frame, const NodePtr& node, Position at) {
  if (node->kind == NodeKind::kMapping) {
    frame.merges.push_back(node);
    return true;
  }
  if (node->kind == NodeKind::kSequence) {
    for (const NodePtr& item : node->items) {
      if (item->kind != NodeKind::kMapping) {
        return complain(at, "<< takes a mapping or a list of mappings");
      }
      frame.merges.push_back(item);
    }
    return true;
  }
  if (node->is_null()) return true;
  return complain(at, "<< takes a mapping or a list of mappings");
}

// Own keys win over merged ones, and earlier merges over later ones (YAML 1.1 merge type).
bool Builder::apply_merges(Frame& frame) {
  for (const NodePtr& source : frame.merges) {
    for (const MapEntry& entry : source->entries) {
      if (!frame.index.emplace(entry.key, frame.node->entries.size()).second) continue;
      if (!grow(frame, entry.value->weight + 1, frame.node->at)) return false;
      frame.node->height = std::max(frame.node->height, entry.value->height + 1);
      frame.node->entries.push_back(entry);
    }
  }
  frame.merges.clear();
  return true;
}

bool Builder::handle(const yaml_event_t& event) {
  switch (event.type) {
    case YAML_DOCUMENT_START_EVENT:
      if (++documents_ == 1) return true;
      return complain(position_of_mark(event.start_mark),
                      "a second document (---) in one file: split it into two files");
    case YAML_SEQUENCE_START_EVENT:
      return begin_collection(NodeKind::kSequence, event, text_of(event.data.sequence_start.anchor),
                              text_of(event.data.sequence_start.tag));
    case YAML_MAPPING_START_EVENT:
      return begin_collection(NodeKind::kMapping, event, text_of(event.data.mapping_start.anchor),
                              text_of(event.data.mapping_start.tag));
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
      return end_collection();
    case YAML_SCALAR_EVENT:
      return add_scalar(event);
    case YAML_ALIAS_EVENT:
      return add_alias(event);
    default:
      return true;
  }
}

Result<NodePtr> Builder::run() {
  if (yaml_parser_initialize(&parser_) == 0) {
    return fail(ErrorCode::kExhausted, fmt::format("{}: out of memory", file_));
  }
  yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text_.data()),
                               text_.size());
  bool go_on = true;
  while (go_on) {
    yaml_event_t event;
    if (yaml_parser_parse(&parser_, &event) == 0) {
      complain_about_parser();
      break;
    }
    const Event guard(&event, &yaml_event_delete);
    go_on = handle(event) && event.type != YAML_STREAM_END_EVENT;
  }
  if (!errors_.empty()) {
    const FieldError& first = errors_.front();
    return fail(
        Error(code_, fmt::format("{}:{}:{}: {}", file_, first.line, first.column, first.message))
            .with_fields(errors_));
  }
  if (!root_) root_ = std::make_shared<Node>(Node{.at = {1, 1}});
  return root_;
}

tl::unexpected<Error> refuse(std::string_view file, ErrorCode code, Position at,
                             const std::string& message) {
  return fail(Error(code, fmt::format("{}:{}:{}: {}", file, at.line, at.column, message))
                  .with_field({.pointer = {},
                               .message = message,
                               .file = std::string(file),
                               .line = at.line,
                               .column = at.column}));
}

}  // namespace

Result<NodePtr> parse_yaml(std::string_view file, std::string_view text, const YamlLimits& limits) {
  if (text.size() > limits.max_bytes) {
    return refuse(file, ErrorCode::kTooLarge, {1, 1},
                  fmt::format("{} bytes; at most {} are read", text.size(), limits.max_bytes));
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (const auto offset = find_invalid_utf8(text)) {
    return refuse(file, ErrorCode::kInvalid, position_of(text, *offset),
                  "not valid UTF-8: save the file as UTF-8");
  }
  if (const auto offset = find_control_character(text)) {
    return refuse(file, ErrorCode::kInvalid, position_of(text, *offset),
                  fmt::format("the control character U+{:04X} is not allowed in YAML",
                              static_cast<unsigned char>(text[*offset])));
  }
  return Builder(file, text, limits).run();
}

}  // namespace croft::spec
