// What a head does with what its state decides: written after actors/cluster/head_actor.cc.
#include "tests/cluster/history.h"

#include <chrono>
#include <utility>

namespace tramontane {
namespace {

constexpr std::int64_t answer_patience_ms = 10'000;

}  // namespace

void History::head_begins_anew() {
  note("the head begins anew");
  for (auto& [name, machine] : machines_) {
    while (!machine.to_node.empty() && chance(50)) deliver_to_node(machine);
    machine.to_node.clear();
    machine.to_head.clear();
    machine.session = machine.connected = machine.leaving = false;
    machine.joins.reset();
    machine.since = wall();
    for (Driver& driver : machine.drivers) driver.telling = false;
  }
  calls_.clear();
  std::vector<HeadJob> jobs;
  for (const auto& [id, job] : store_) jobs.push_back(job);
  head_ = std::make_unique<HeadState>(rules_, std::move(jobs), wall(), stored_draining_);
  for (auto& [name, machine] : machines_) machine.draining = stored_draining_.contains(name);
  ++seen["heads that began anew"];
  act();
}

void History::pass(std::int64_t ms) {
  now_ += ms;
  if (!healed_ && chance(3)) offset_ += chance(50) ? 3'600'000 : -3'600'000;
  for (auto& [name, machine] : machines_) machine.since = std::min(machine.since, wall());
  tick();
}

void History::tick() {
  for (auto call = calls_.begin(); call != calls_.end();) {
    if (call->state == Call::State::open && now_ < call->until) {
      ++call;
      continue;
    }
    if (call->state == Call::State::started) {
      head_->driver_started(call->job, call->attempt, 7, wall());
    } else {
      head_->driver_not_started(call->job, call->attempt, "no answer", wall());
      ++seen["lost answers"];
    }
    call = calls_.erase(call);
  }
  act();
}

// Decides, stores, carries out; may die in between.
void History::act() {
  std::map<std::uint64_t, HeadJob> before;
  if (!healed_) before = head_->jobs();
  std::vector<Order> orders = head_->decide(wall());
  if (!healed_) judge_moves(before, "");
  stored_draining_ = head_->draining();
  for (std::uint64_t id : head_->changed())
    store_[id] = parse_job_record(job_record(head_->jobs().at(id)));
  judge();
  for (const Order& order : orders)
    if (order.kind == Order::Kind::start) judge_start(order);
  if (!healed_ && !orders.empty() && chance(3)) return head_begins_anew();
  for (const Order& order : orders) carry(order);
}

void History::carry(const Order& order) {
  ToNode out;
  const char* what = "start";
  switch (order.kind) {
    case Order::Kind::start:
      out = {ToNode::What::start, order.start.job, order.start.attempt, order.start.seats};
      break;
    case Order::Kind::stop:
      what = "stop";
      out = {ToNode::What::stop, order.stop.job, order.stop.attempt};
      break;
    case Order::Kind::seat:
      what = "seat workers of";
      out = {ToNode::What::seat, order.seat.job, order.seat.attempt, order.seat.seats,
          order.seat.number};
      break;
  }
  for (auto& [name, machine] : machines_) {
    if (!machine.connected || machine.known != order.node) continue;
    note(str("order ", what, " ", out.job, "/", out.attempt, " to ", name));
    if (order.kind == Order::Kind::start)
      calls_.push_back({out.job, out.attempt, name, now_ + answer_patience_ms});
    if (machine.session) machine.to_node.push_back(out);
  }
}

}  // namespace tramontane
