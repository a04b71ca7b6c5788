// Probes over a socket to this container itself. Used through ProbeAttempt::start only.
#pragma once

#include <netinet/in.h>

#include "init/http_head.h"
#include "init/probe.h"
#include "init/tls_client.h"

namespace croft::init {

// Connects; good when the port accepts.
class TcpAttempt : public ProbeAttempt {
 public:
  TcpAttempt(Loop& loop, std::uint16_t port, Millis timeout, Done done);
  ~TcpAttempt() override;

 protected:
  virtual void connected();             // default: good
  virtual std::string subject() const;  // what `detail` is about: "port 3000"

  void connect_to(std::uint16_t port);
  void finish(bool ok, std::string detail);
  void close();
  Loop& loop() { return loop_; }
  int fd() const { return socket_.get(); }

 private:
  void try_family(int family);
  void on_connect_event();
  void connect_failed(int error_number);

  Loop& loop_;
  std::uint16_t port_;
  Done done_;
  Timer deadline_;
  Timer soon_;  // a result that is known at once is told from the loop all the same
  Fd socket_;
  int family_ = 0;
};

class HttpAttempt final : public TcpAttempt {
 public:
  HttpAttempt(Loop& loop, HttpTarget target, Millis timeout, Done done);

 protected:
  void connected() override;
  std::string subject() const override;

 private:
  void send_request();
  void on_handshake();
  void on_readable();
  bool receive();  // false when the attempt is over, or nothing has come
  void judge(const ResponseHead& head);

  HttpTarget target_;
  int redirects_left_ = 5;
  std::string received_;
  std::unique_ptr<TlsClient> tls_;  // https
  bool handshaken_ = false;
};

}  // namespace croft::init
