#pragma once
// A History plays a random life of a cluster against its HeadState and judges every step: nodes and
// their processes, connections that break, orders and answers that are lost, drivers that end, a
// head that begins anew from its store, and clocks that are set.
//
//   History history(seed);
//   std::string fault = history.play();   // with what happened before it; empty: none
//
// What nodes do is written after runtime/cluster/node_head.cc, what the head does with orders and
// answers after head_actor.cc. Nothing of HeadState is taken on trust but what it says.

#include "actors/cluster/head_state.h"
#include "runtime/base/random.h"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tramontane {

class History {
 public:
  explicit History(std::uint64_t seed);

  std::string play();

  // How often what happened.
  std::map<std::string, int> seen;

 private:
  // A driver's process, and afterwards its end until the head has taken note.
  struct Driver {
    std::uint64_t job = 0;
    std::uint32_t attempt = 0;
    bool alive = true;
    bool stopping = false;
    bool telling = false;
    std::int64_t since = 0;
    ProcessEnd end;
    std::map<std::string, std::string> seats;  // of its workers, as it was told: their nodes
  };

  // An order to a node, or that its notice was taken.
  struct ToNode {
    enum class What : std::uint8_t { start, stop, seat, noted } what = What::start;
    std::uint64_t job = 0;
    std::uint32_t attempt = 0;
    std::vector<WorkerSeat> seats = {};
    std::uint64_t number = 0;
  };

  struct ToHead {
    enum class What : std::uint8_t { started, seated, ended, leaves } what = What::started;
    std::uint64_t job = 0;
    std::uint32_t attempt = 0;
    bool done = false;
    ProcessEnd end;
    std::uint64_t number = 0;
  };

  // A node. Its session is seen from both sides, which do not notice its end at once.
  struct Machine {
    JoinCluster offer;  // of its process now
    bool alive = false;
    bool session = false;                           // the node sees it
    std::optional<std::vector<DriverState>> joins;  // said, not heard yet
    std::vector<Driver> drivers;
    std::deque<ToNode> to_node;
    std::deque<ToHead> to_head;
    // What the head knows.
    bool connected = false;
    ProcessId known = 0;
    std::int64_t since = 0;  // connected, or not
    bool draining = false;
    bool leaving = false;
    bool less = false;  // it came back with less than is taken
  };

  // An order whose answer the head waits for.
  struct Call {
    std::uint64_t job = 0;
    std::uint32_t attempt = 0;
    std::string machine;
    std::int64_t until = 0;
    enum class State : std::uint8_t { open, started, failed } state = State::open;
  };

  // What happens.
  void step();
  void submit();
  void stop();
  void drain();
  void leave(Machine& machine);
  void revive(Machine& machine);
  void die(Machine& machine);
  void part(Machine& machine);    // the node's side of a session ends
  void notice(Machine& machine);  // the head's side
  void dial(Machine& machine);
  void hear_join(Machine& machine);
  void deliver(Machine& machine);
  void deliver_to_node(Machine& machine);
  void deliver_to_head(Machine& machine);
  void start_driver(Machine& machine, const ToNode& order);
  void carry(const Order& order);
  void end_driver();
  void end_driver(Machine& machine, Driver& driver, ProcessEnd end);
  void find_seats();
  void find_seat(const Driver& driver, const std::string& worker);
  void head_begins_anew();
  void pass(std::int64_t ms);
  void tick();
  void act();
  void heal();
  void all_is_well_again();

  // What is judged.
  void require(bool holds, const std::string& text);
  void judge();
  void judge_job(const HeadJob& job);
  void judge_node(const std::string& name, const Machine& machine);
  void judge_start(const Order& order);
  void judge_moves(const std::map<std::uint64_t, HeadJob>& before, const std::string& asked_node);
  bool lost(const Machine& machine) const;
  void judge_seats(const Driver& driver);
  bool ever_fits(const HeadJob& job) const;

  std::int64_t wall() const { return now_ + offset_; }

  bool chance(std::uint64_t percent) { return random_.below(100) < percent; }

  Machine& any_machine();
  void note(const std::string& text);

  const std::uint64_t seed_;
  Random random_;
  HeadRules rules_;
  std::unique_ptr<HeadState> head_;
  std::map<std::string, Machine> machines_;
  std::vector<Call> calls_;
  std::map<std::uint64_t, HeadJob> store_;  // as they are read
  std::set<std::string> stored_draining_;
  std::map<std::uint64_t, std::uint32_t> attempts_;  // the last that was ordered
  std::map<std::uint64_t, HeadJob> over_;            // as they ended
  std::set<std::uint64_t> stops_;
  std::deque<std::string> notes_;
  ProcessId processes_ = 0x80000000;
  std::int64_t now_ = 1'000'000;  // of a clock that nobody sets
  std::int64_t offset_ = 0;
  bool healed_ = false;
};

}  // namespace tramontane
