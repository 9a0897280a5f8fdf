#include "actors/dashboard/cluster_stream.h"

#include "runtime/base/json_text.h"

#include <chrono>
#include <iterator>
#include <string_view>
#include <utility>

namespace tramontane {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr Duration told_every = 1s;
constexpr std::size_t rows_most = 1000;

json::object first_page(const char* name, json::array rows) {
  json::value next;
  if (rows.size() > rows_most) {
    rows.resize(rows_most);
    next = std::to_string(rows_most);
  }
  return {{name, std::move(rows)}, {"next", std::move(next)}};
}

}  // namespace

json::object jobs_told(const WatchedCluster& cluster) {
  const json::array& jobs = cluster.jobs();
  return first_page("jobs", json::array(std::make_reverse_iterator(jobs.end()),
                                std::make_reverse_iterator(jobs.begin())));
}

json::object nodes_told(const WatchedCluster& cluster) {
  return first_page("nodes", cluster.nodes());
}

void ClusterStream::add(
    const char* kind, std::uint64_t version, Told& told, std::string& out) const {
  if (!kinds_.empty() && !kinds_.contains(kind)) return;
  Time now = cluster_->clock().now();
  if (told.version == version || (told.version && now - told.at < told_every)) return;
  told = {version, now};
  json::object rows =
      std::string_view(kind) == "jobs" ? jobs_told(*cluster_) : nodes_told(*cluster_);
  out += server_sent_event(kind, "", json_text(rows));
}

std::string ClusterStream::next(std::size_t) {
  std::string out;
  if (!cluster_->refreshed()) return out;
  add("jobs", cluster_->jobs_version(), jobs_, out);
  add("nodes", cluster_->nodes_version(), nodes_, out);
  return out;
}

}  // namespace tramontane
