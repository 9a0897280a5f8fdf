#pragma once
// What the commands of a cluster have in common: where its head is, what admits to it, and how they
// show lists.

#include "actors/cluster/client.h"
#include "runtime/base/home.h"
#include "runtime/cli/cli.h"

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace tramontane {

inline const CliOption head_option{
    "head", "HOST:PORT", "the cluster's head (default $TRAM_HEAD, else this machine's)"};
inline const CliOption token_option{
    "token-file", "FILE", "the cluster's token (default $TRAM_TOKEN_FILE, else $TRAM_HOME/token)"};

inline const CliOption json_option{"json", "", "as JSON"};

// Error(not_found): there is no head on this machine, and none was named.
std::string cluster_head(const CliArguments& arguments);
AccessToken cluster_token(const CliArguments& arguments);
// The file that it lies in.
std::string cluster_token_file(const CliArguments& arguments);
HeadClient client_of(const CliArguments& arguments);

// The number of a job, as the first argument. UsageError.
std::uint64_t job_number(const CliArguments& arguments);
std::uint64_t parse_job_number(const std::string& word);

// Of what a head answers: texts as they are, "-" for null, else as JSON has it.
std::string text(const boost::json::object& in, const char* key);
double number(const boost::json::object& in, const char* key);
void print_json(const boost::json::object& object);

std::string first_line(const std::string& text);

// Rows under headings, in columns as wide as what is in them.
std::string table(
    const std::vector<std::string>& headings, const std::vector<std::vector<std::string>>& rows);

// "3 s", "12 min", "5 h", "3 days".
std::string ago_text(double seconds);

std::vector<boost::json::object> objects(const boost::json::object& in, const char* key);

// Whether a job has ended.
bool is_over(const boost::json::object& job);

// What an actor waits for. Who waits for mail has nothing to do: "".
std::string wait_of(const boost::json::object& actor);

// Actors of the job that is the first argument, or of all that run; and as a table.
std::vector<boost::json::object> actors_of(HeadClient& client, const CliArguments& arguments);
std::string actor_table(const std::vector<boost::json::object>& actors);

// An actor as a job's `actors` have it, with its exit records; `id` is JOB/NAME. UsageError if it
// is not, Error(not_found) if there is no such actor.
boost::json::object actor_found(HeadClient& client, const std::string& id);

}  // namespace tramontane
