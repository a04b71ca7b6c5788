#include "reconcile/cancellable.h"

namespace croft {
namespace {

Task<void> nothing_more() {
  co_return;
}

}  // namespace

Task<void> run_cancellable(Runtime& runtime, ProcessRun& run, std::string name, Task<void> work) {
  Group group(runtime);
  group.spawn(std::move(name), std::move(work));
  if (run.cancel_wanted()) group.cancel();
  // At once, not in the hook's task: the group may be gone when that runs.
  const CancelHook hook(run, [&group] {
    group.cancel();
    return nothing_more();
  });
  co_await group.join();
}

}  // namespace croft
