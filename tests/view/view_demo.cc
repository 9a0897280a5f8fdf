// Feeds a made-up run into a view, in its own time, to look at it:
//   view_demo terminal|plain|json [SPEED] [EVENTS]
// SPEED 1 is real time; after EVENTS events it stops as an interrupted run would.

#include "actors/view/fields.h"
#include "actors/view/output.h"
#include "tests/view/sample_run.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

using namespace tramontane;

int main(int argc, char** argv) {
  std::string which = argc > 1 ? argv[1] : "terminal";
  double speed = argc > 2 ? std::max(0.01, std::atof(argv[2])) : 4;
  int limit = argc > 3 ? std::atoi(argv[3]) : 1 << 30;
  auto output = std::make_shared<Output>(1);
  auto view = which == "plain"  ? plain_view(output)
              : which == "json" ? json_view(output)
                                : terminal_view(output);
  double before = 0;
  for (const auto& event : sample_run({})) {
    if (limit-- <= 0) break;
    double now = number(event, "seconds");
    if (which == "terminal" && now > before)
      std::this_thread::sleep_for(std::chrono::duration<double>((now - before) / speed));
    before = now;
    view->event(event);
  }
  view->close();
  return 0;
}
