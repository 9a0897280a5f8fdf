#pragma once
// This program as the dashboard of a cluster: the child that a head hands the HTTP connections of
// its port to (runtime/cluster/serving_child.h).
//
// Thread rule: one thread.

#include "actors/rewards/reward_table.h"

#include <string>
#include <vector>

namespace tramontane {

// What a head starts; it appends its address. `trusted_network`: others may ask in clear.
std::vector<std::string> cluster_dashboard_command(
    const std::string& home, const std::string& token_file, bool trusted_network);

bool is_cluster_dashboard(int argc, char** argv);

// Until its head gives it no more connections. `rewards`: what jobs that are submitted may name.
int serve_cluster_dashboard(int argc, char** argv, const std::vector<RewardKind>& rewards);

// A link to log in with to the dashboard of the head at this address, which works once. Error(io):
// no head is there, or it has no dashboard; Error(refused): the token is another one's. With a
// certificate (runtime/http/client.h) it is asked by https.
std::string cluster_dashboard_link(
    const std::string& head, const std::string& token_file, const std::string& certificate);

}  // namespace tramontane
