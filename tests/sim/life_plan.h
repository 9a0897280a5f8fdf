#pragma once
// What goes wrong in one life of a SimWorld, drawn beforehand: in a job of one process, or in one
// whose workers are processes of their own.

#include "actors/job/job.h"
#include "runtime/base/clock.h"
#include "runtime/base/random.h"
#include "runtime/node/graph.h"
#include "tests/sim/sim_disk.h"
#include "tests/support/faulty_files.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tramontane {

inline double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

// Up to `most`.
Duration share_of(Random& random, Duration most);

struct LifePlan {
  Duration faulty_for{};  // the network and the transfers are sound afterwards
  double lost = 0;        // shares of messages
  double duplicated = 0;
  double late = 0;
  Duration late_max{};
  double bad_transfer = 0;
  std::map<std::string, Duration> turn_max;  // by pool

  struct Kill {
    Duration at{};
    std::string actor;
  };

  std::vector<Kill> kills;         // in order; of a worker, if it lives in one
  std::optional<Duration> dies;    // the process
  bool power_cut = false;          // … and its host
  std::optional<Duration> finish;  // it is asked to finish early
  DiskFaults disk;
  FaultPlan files;

  // Between processes.
  struct Trouble {
    // It says and hears nothing; its connections are cut; its host wants it in another place.
    enum class Kind : std::uint8_t { stall, cut, move } kind = Kind::stall;
    Duration at{};
    Duration lasts{};
    std::string worker;
  };

  std::vector<Trouble> troubles;  // in order
  Duration line_delay{};
  std::size_t line_pieces = 0;
  bool between_hosts = false;  // lines carry no descriptors
};

LifePlan draw_life(Random& random, const Job& job, std::uint32_t life, const Apart& apart);
std::string describe(const LifePlan& plan);

}  // namespace tramontane
