// The entry points that libFuzzer calls: for the one target in the program.
#include "base/log.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  croft::log_setup("fuzz", croft::LogLevel::kError);
  croft::check(croft::fuzz::targets().size() == 1, "a fuzzer has one target");
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  croft::fuzz::targets().front().run({reinterpret_cast<const char*>(data), size});
  return 0;
}
