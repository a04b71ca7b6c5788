#include "http2.h"

#include <fmt/format.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <map>

#include "net/http.h"
#include "task/signal.h"

namespace croft::load {

namespace asio = boost::asio;

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kWindowBytes = 16u << 20;

// One request under way. After a timeout the session still knows it, until its reset has gone out.
struct Stream {
  Stream(asio::io_context& io, std::string data, Reply* answer)
      : body(std::move(data)), reply(answer), done(io) {}
  std::string body;
  Reply* reply;             // nullptr: nobody waits any more
  asio::steady_timer done;  // cancelled when the stream has ended
  std::size_t body_sent = 0;
  bool end_seen = false;  // END_STREAM of the answer
  bool ended = false;
};

using Streams = std::map<std::int32_t, std::shared_ptr<Stream>>;

// nullptr when nobody waits for that stream.
Stream* find(const Streams& streams, std::int32_t id) {
  const auto found = streams.find(id);
  return found == streams.end() || found->second->reply == nullptr ? nullptr : found->second.get();
}

void note_header(const AnswerHeaders& names, Reply& reply, std::string_view name,
                 std::string_view value) {
  if (name == ":status") reply.status = std::atoi(std::string(value).c_str());
  if (name == names.version) reply.version = value;
  if (name == names.instance) reply.instance = value;
  if (name == "x-checksum") reply.checksum = value;
}

nghttp2_nv field(std::string_view name, std::string_view value) {
  // nghttp2 copies both.
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

ssize_t give_body(nghttp2_session*, std::int32_t, std::uint8_t* out, std::size_t size,
                  std::uint32_t* flags, nghttp2_data_source* source, void*) {
  auto& stream = *static_cast<Stream*>(source->ptr);
  const std::string& body = stream.body;
  const std::size_t count = std::min(size, body.size() - stream.body_sent);
  std::memcpy(out, body.data() + stream.body_sent, count);
  stream.body_sent += count;
  if (stream.body_sent == body.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(count);
}

}  // namespace

struct Http2Connection::State {
  State(Runtime& owner, std::unique_ptr<Link> connection, const AnswerHeaders& kept)
      : runtime(owner), link(std::move(connection)), names(kept), output(owner) {}
  ~State() { nghttp2_session_del(session); }

  void start();
  static Task<void> read_all(std::shared_ptr<State> state);
  static Task<void> write_all(std::shared_ptr<State> state);
  void end(Fault why);
  void stream_ended(std::int32_t id, std::uint32_t code);

  // nghttp2's callbacks; `user` is the state.
  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                       std::uint8_t, void* user);
  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data,
                     std::size_t size, void* user);
  static int on_received(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int on_sent(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int on_closed(nghttp2_session*, std::int32_t id, std::uint32_t code, void* user);

  Runtime& runtime;
  std::unique_ptr<Link> link;
  AnswerHeaders names;
  Signal output;  // the session may have something to send
  nghttp2_session* session = nullptr;
  Streams streams;
  bool going_away = false;
  bool closed = false;
};

void Http2Connection::State::stream_ended(std::int32_t id, std::uint32_t code) {
  const auto found = streams.find(id);
  if (found == streams.end()) return;
  const std::shared_ptr<Stream> stream = std::move(found->second);
  streams.erase(found);
  if (stream->reply == nullptr) return;
  Reply& reply = *stream->reply;
  reply.complete = stream->end_seen && reply.status != 0;
  if (!reply.complete) {
    reply.refused = code == NGHTTP2_REFUSED_STREAM;
    reply.fault = {code == NGHTTP2_NO_ERROR
                       ? "stream_ended"
                       : fmt::format("stream_{}", nghttp2_http2_strerror(code)),
                   fmt::format("stream {} ended with {}", id, nghttp2_http2_strerror(code))};
  }
  stream->ended = true;
  stream->done.cancel();
}

int Http2Connection::State::on_header(nghttp2_session*, const nghttp2_frame* frame,
                                      const std::uint8_t* name, std::size_t name_size,
                                      const std::uint8_t* value, std::size_t value_size,
                                      std::uint8_t, void* user) {
  auto* state = static_cast<State*>(user);
  Stream* stream = find(state->streams, frame->hd.stream_id);
  if (stream == nullptr) return 0;
  note_header(state->names, *stream->reply, {reinterpret_cast<const char*>(name), name_size},
              {reinterpret_cast<const char*>(value), value_size});
  return 0;
}

int Http2Connection::State::on_data(nghttp2_session*, std::uint8_t, std::int32_t id,
                                    const std::uint8_t* data, std::size_t size, void* user) {
  Stream* stream = find(static_cast<State*>(user)->streams, id);
  if (stream != nullptr) {
    stream->reply->body.append({reinterpret_cast<const char*>(data), size});
  }
  return 0;
}

int Http2Connection::State::on_received(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  auto* state = static_cast<State*>(user);
  if (frame->hd.type == NGHTTP2_GOAWAY) state->going_away = true;
  Stream* stream = find(state->streams, frame->hd.stream_id);
  const bool carries = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
  if (stream != nullptr && carries && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
    stream->end_seen = true;
  }
  return 0;
}

int Http2Connection::State::on_sent(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  Stream* stream = find(static_cast<State*>(user)->streams, frame->hd.stream_id);
  if (stream != nullptr && frame->hd.type == NGHTTP2_HEADERS) stream->reply->sent = true;
  return 0;
}

int Http2Connection::State::on_closed(nghttp2_session*, std::int32_t id, std::uint32_t code,
                                      void* user) {
  static_cast<State*>(user)->stream_ended(id, code);
  return 0;
}

void Http2Connection::State::start() {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_received);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_sent);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_closed);
  nghttp2_session_client_new(&session, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                             {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindowBytes}};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, kWindowBytes);
}

void Http2Connection::State::end(Fault why) {
  if (closed) return;
  closed = true;
  link->close();
  for (auto& [id, stream] : streams) {
    if (stream->reply != nullptr) stream->reply->fault = why;
    stream->ended = true;
    stream->done.cancel();
  }
  streams.clear();
  output.notify();
}

Task<void> Http2Connection::State::read_all(std::shared_ptr<State> state) {
  std::string input;
  while (!state->closed) {
    input.clear();
    if (Fault broken = co_await state->link->read(&input)) co_return state->end(std::move(broken));
    const auto* data = reinterpret_cast<const std::uint8_t*>(input.data());
    const ssize_t used = nghttp2_session_mem_recv(state->session, data, input.size());
    if (used < 0) {
      co_return state->end({"protocol", nghttp2_strerror(static_cast<int>(used))});
    }
    state->output.notify();
  }
}

Task<void> Http2Connection::State::write_all(std::shared_ptr<State> state) {
  while (!state->closed) {
    std::string data;
    const std::uint8_t* piece = nullptr;
    while (data.size() < (64u << 10)) {
      const ssize_t size = nghttp2_session_mem_send(state->session, &piece);
      if (size <= 0) break;
      data.append(reinterpret_cast<const char*>(piece), static_cast<std::size_t>(size));
    }
    if (data.empty()) {
      co_await state->output.wait_for(Millis(1000));
      continue;
    }
    bool left = false;
    if (Fault broken = co_await state->link->write(std::move(data), &left)) {
      co_return state->end(std::move(broken));
    }
  }
}

Http2Connection::Http2Connection(Runtime& runtime, Group& group, std::unique_ptr<Link> link,
                                 const AnswerHeaders& names)
    : state_(std::make_shared<State>(runtime, std::move(link), names)) {
  state_->start();
  group.spawn("read HTTP/2", State::read_all(state_));
  group.spawn("write HTTP/2", State::write_all(state_));
}

Http2Connection::~Http2Connection() {
  close();
}

bool Http2Connection::usable() const {
  return !state_->closed && !state_->going_away && !state_->link->peer_closed() &&
         nghttp2_session_check_request_allowed(state_->session) != 0;
}

Task<void> Http2Connection::exchange(const Target& target, const Request& request,
                                     TimePoint deadline, Reply& reply) {
  const auto state = state_;
  if (state->closed) {
    reply.fault = {"closed", "the connection ended before the request was sent"};
    co_return;
  }
  const auto stream = std::make_shared<Stream>(state->runtime.io(), request.body, &reply);
  const nghttp2_nv fields[] = {field(":method", request.method),
                               field(":scheme", target.tls ? "https" : "http"),
                               field(":authority", target.authority), field(":path", target.path),
                               field("user-agent", "croft-load")};
  nghttp2_data_provider body{};
  body.source.ptr = stream.get();
  body.read_callback = give_body;
  const bool post = request.method == "POST";
  const std::int32_t id = nghttp2_submit_request(state->session, nullptr, fields, std::size(fields),
                                                 post ? &body : nullptr, nullptr);
  if (id < 0) {
    reply.fault = {"protocol", nghttp2_strerror(id)};
    co_return;
  }
  state->streams[id] = stream;
  state->output.notify();
  stream->done.expires_at(deadline);
  while (!stream->ended && std::chrono::steady_clock::now() < deadline) {
    co_await stream->done.async_wait(kToken);
  }
  if (stream->ended) co_return;
  reply.fault = {"timeout", "no answer in time"};
  stream->reply = nullptr;
  nghttp2_submit_rst_stream(state->session, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
  state->output.notify();
}

void Http2Connection::close() {
  state_->end({"closed", "closed here"});
}

}  // namespace croft::load
