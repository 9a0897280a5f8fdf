#pragma once
// The HeadActor is a cluster's control plane: it lets nodes in, carries out what HeadState decides
// (head_state.h), and answers what `tram jobs`, `tram nodes` and their like ask.
//
// Whatever was decided is in its store before it is acted on, so that a head that was killed knows
// its jobs when it is started again; its nodes tell it then what runs. While its disk is full
// nothing is decided any more and no job is taken; those that run go on.
//
// Messages: JoinCluster, DriverEnded, FindSeat, NodeLeaves, WorkersSeated from nodes, AskHead from
// clients; Visit and SessionLost from its own process (head_process.h).

#include "actors/cluster/head_state.h"
#include "actors/cluster/shipments.h"
#include "runtime/actor/actor.h"
#include "runtime/cluster/node_actor.h"
#include "runtime/link/remote_actors.h"
#include "storage/kv_store.h"

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace tramontane {

struct HeadTick {};

template <>
struct Codec<HeadTick> : LocalCodec<HeadTick> {};

class HeadActor final : public Actor {
 public:
  // Opens its store. Error where it cannot be.
  using OpenStore = std::function<std::unique_ptr<KvStore>()>;

  // The links outlive the actor. A store that failed is closed, and opened anew by `open`.
  HeadActor(HeadRules rules, std::unique_ptr<KvStore> store, OpenStore open,
      std::shared_ptr<RemoteActors> remote, ThreadPool& links);
  ~HeadActor() override;

  Task<void> start() override;

 private:
  struct Starting;

  Answer<Welcomed> join(JoinCluster offer);
  void driver_ended(DriverEnded notice);
  Answer<FoundSeat> find_seat(FindSeat request);
  void node_leaves(NodeLeaves notice);
  void workers_seated(WorkersSeated notice);
  Answer<HeadAnswer> answer(AskHead request);
  HeadAnswer remove(const AskHead& request);
  void visit(Visit visit);
  void lost(SessionLost notice);
  void tick(HeadTick tick);

  void act();
  void hear_answers();
  bool hear_checks(Starting& start);
  void start_driver(const Order& order);
  HeadAnswer submit(const AskHead& request);
  void listen();
  bool store();
  void write(const WriteBatch& batch);
  void carry_out(const Order& order);
  std::int64_t wall_ms() const;
  ActorRef node(ProcessId process) const;

  const HeadRules rules_;
  std::unique_ptr<KvStore> store_;  // null: it failed
  const OpenStore open_store_;
  Time open_again_{};  // when it is tried again
  const std::shared_ptr<RemoteActors> remote_;
  ThreadPool& links_;
  std::unique_ptr<HeadState> state_;
  std::list<Starting> starting_;
  Shipments shipments_;
  std::set<std::string> stored_draining_;
  std::map<ProcessId, std::int64_t> heard_;  // when each node said anything last, wall
  std::vector<Order> held_;                  // until what they come of is stored
  std::set<std::uint64_t> unstored_;         // jobs
  std::string store_problem_;
  Time store_told_{};  // when it is to be told again that the store takes nothing
};

}  // namespace tramontane
