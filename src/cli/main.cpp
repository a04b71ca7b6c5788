// croft: the command line client.
#include "cli/program.h"

int main(int argc, char** argv) {
  croft::cli::Io io = croft::cli::system_io();
  return croft::cli::run_program_line(io, {argv + 1, argv + argc});
}
