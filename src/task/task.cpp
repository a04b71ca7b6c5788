#include "task/task.h"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <csignal>
#include <cstdlib>

#include "base/log.h"
#include "task/timer.h"

namespace croft {

namespace asio = boost::asio;

Task<void> sleep_for(Millis duration) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  Timer timer(executor);
  co_await timer.wait(duration);
}

int Runtime::run(Task<int> main_task, std::function<void()> on_stop) {
  std::signal(SIGPIPE, SIG_IGN);
  asio::signal_set signals(io_, SIGTERM, SIGINT);
  bool stopping = false;
  std::function<void()> wait_for_signal = [&] {
    signals.async_wait([&](boost::system::error_code error, int number) {
      if (error) return;
      if (stopping) std::_Exit(130);
      stopping = true;
      log_info("stopping", {{"signal", number}});
      on_stop();
      wait_for_signal();
    });
  };
  wait_for_signal();
  return run_until_done(std::move(main_task));
}

}  // namespace croft
