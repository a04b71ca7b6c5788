// croft-keep COMMAND [ARGUMENT...]: see keep.h.
#include <cstdio>

#include "keep/keep.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: croft-keep COMMAND [ARGUMENT...]\n", stderr);
    return 2;
  }
  return croft::keep({argv + 1, argv + argc}, {});
}
