// The `tram` program.
#include "actors/tram.h"

int main(int argc, char** argv) {
  return tramontane::tram_main(argc, argv);
}
