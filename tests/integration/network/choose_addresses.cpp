// choose_addresses INSTALL_ID: the pool and the uplink that an installation with that id would take
// on this machine, as croftd chooses them; without an engine to ask.
#include <cstdio>

#include "daemon/address_setup.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto taken = croft::taken_ranges({}, croft::read_host_facts(), argv[1]);
  const auto chosen = croft::choose_addresses(argv[1], taken);
  if (!chosen) return 1;
  std::printf("%s %s\n", chosen->pool.str().c_str(), chosen->uplink.str().c_str());
  return 0;
}
