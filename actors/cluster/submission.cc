#include "actors/cluster/submission.h"

#include "actors/cluster/job_files.h"
#include "actors/cluster/job_worker.h"
#include "actors/cluster/shipments.h"
#include "actors/cluster/workers.h"
#include "actors/job/renamed_files.h"
#include "runtime/base/check.h"
#include "runtime/base/home.h"
#include "runtime/wire/hash.h"
#include "storage/content_hash.h"
#include "storage/file.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <set>
#include <utility>

namespace tramontane {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr int tries = 3;  // of a piece that comes damaged
constexpr const char* model_prefix = "model.path/";

std::uint64_t size_of_file(const std::string& path) {
  std::error_code error;
  std::uint64_t bytes = fs::file_size(path, error);
  if (error) throw Error(Errc::io, str(path, ": ", error.message()));
  return bytes;
}

bool is_command(const JobInput& input) {
  return input.key.find(".command.") != std::string::npos;
}

bool is_data(const JobInput& input) {
  return input.key.starts_with("data.") || input.key.starts_with("stages.");
}

// Who reads it: problems and demonstrations not those that only write or judge (JobOptions::data).
std::vector<std::string> readers(const Job& job, const JobInput& input) {
  std::vector<std::string> groups;
  if (!is_data(input)) return groups;
  std::set<std::string> seen;
  for (const JobWorker& worker : workers_of(job))
    if (worker.group != "generator" && worker.group != "verifier" &&
        seen.insert(worker.group).second)
      groups.push_back(worker.group);
  return groups;
}

class Packing {
 public:
  explicit Packing(const Job& job) : job_(job) {}

  Shipment pack(std::uint64_t most) {
    std::vector<const JobInput*> model;
    std::uint64_t model_bytes = 0;
    for (const JobInput& input : job_.inputs) {
      std::uint64_t bytes = size_of_file(input.path);
      if (input.key.starts_with(model_prefix)) {
        model.push_back(&input);
        model_bytes += bytes;
      } else if (goes(input) && bytes <= most - used_) {
        add_alone(input, bytes);
      } else {
        by_path(input, bytes);
      }
    }
    bool whole = !model.empty() && goes(*model.front()) && model_bytes <= most - used_;
    std::string folder = whole ? free_name("model") : "";
    for (const JobInput* input : model) {
      std::uint64_t bytes = size_of_file(input->path);
      if (whole)
        add(*input, str(folder, "/", input->key.substr(std::string(model_prefix).size())), bytes);
      else
        by_path(*input, bytes);
    }
    if (whole) packed_.names["model.path"] = folder;
    return std::move(packed_);
  }

 private:
  static bool goes(const JobInput& input) { return !input.shared && !is_command(input); }

  void add(const JobInput& input, const std::string& name, std::uint64_t bytes) {
    packed_.files.push_back({input.path, name, bytes, input.hash});
    used_ += bytes;
  }

  // Two keys may name one file.
  void add_alone(const JobInput& input, std::uint64_t bytes) {
    auto [name, fresh] = alone_.try_emplace(input.path);
    if (fresh) {
      name->second = free_name(fs::path(input.path).filename().string());
      add(input, name->second, bytes);
    }
    packed_.names[input.key] = name->second;
  }

  void by_path(const JobInput& input, std::uint64_t bytes) {
    packed_.by_path.push_back({input.path, bytes, readers(job_, input)});
  }

  std::string free_name(std::string name) {
    for (char& c : name)
      if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '_' && c != '.')
        c = '_';
    if (name.empty() || name[0] == '.') name = "_" + name;
    if (name.size() > 100) name.erase(0, name.size() - 100);
    std::string taken = name;
    for (int again = 2; !taken_.insert(name).second; ++again) name = str(again, "-", taken);
    return name;
  }

  const Job& job_;
  Shipment packed_;
  std::uint64_t used_ = 0;
  std::map<std::string, std::string> alone_;  // names, by path
  std::set<std::string> taken_;
};

json::array texts(const std::vector<std::string>& all) {
  return json::array(all.begin(), all.end());
}

json::object request_of(const Job& job, std::int64_t priority, const Shipment& shipment) {
  json::array files;
  for (const JobFile& file : shipment.by_path)
    files.push_back(
        json::object{{"path", file.path}, {"bytes", file.bytes}, {"groups", texts(file.groups)}});
  std::string graph =
      shipment.names.empty() ? job.resolved : renamed_files(job.resolved, shipment.names);
  return {{"name", job.name}, {"graph", graph}, {"priority", priority},
      {"workers", json::parse(workers_text(workers_of(job)))}, {"files", std::move(files)}};
}

std::string draw_ticket() {
  std::array<std::byte, 8> random{};
  random_bytes(random.data(), random.size());
  constexpr const char* digits = "0123456789abcdef";
  std::string ticket;
  for (std::byte each : random) {
    ticket += digits[std::to_integer<int>(each >> 4)];
    ticket += digits[std::to_integer<int>(each & std::byte{15})];
  }
  return ticket;
}

void ship_piece(const AskHeadFor& ask, const json::object& piece, ByteView bytes) {
  for (int left = tries;; --left) {
    try {
      ask("ship", piece, bytes);
      return;
    } catch (const Error& error) {
      if (error.errc() != Errc::corrupt || left == 1) throw;
    }
  }
}

json::object ship(const AskHeadFor& ask, const std::string& ticket, const Shipment::File& file) {
  auto mapped = system_files()->map(file.path);
  ByteView bytes = mapped->bytes();
  if (bytes.size() != file.bytes || content_hash(bytes) != file.hash)
    throw Error(Errc::bad_input,
        str(file.path, " has changed while the job was submitted: submit it again"));
  std::uint64_t offset = 0;
  do {
    ByteView piece =
        bytes.subspan(offset, std::min<std::size_t>(piece_most, bytes.size() - offset));
    ship_piece(ask,
        {{"ticket", ticket}, {"name", file.name}, {"offset", offset}, {"sum", hash_of(piece)}},
        piece);
    offset += piece.size();
  } while (offset < bytes.size());
  return {{"name", file.name}, {"bytes", file.bytes}, {"sum", hash_of(bytes)}};
}

}  // namespace

Shipment shipment_of(const Job& job) {
  return Packing(job).pack(shipped_most);
}

Shipment nothing_shipped(const Job& job) {
  Shipment shipment;
  for (const JobInput& input : job.inputs)
    shipment.by_path.push_back({input.path, size_of_file(input.path), readers(job, input)});
  return shipment;
}

json::object submission_of(const Job& job, std::int64_t priority) {
  return request_of(job, priority, nothing_shipped(job));
}

json::object submit_job(const AskHeadFor& ask, const Job& job, std::int64_t priority) {
  Shipment shipment = shipment_of(job);
  json::object request = request_of(job, priority, shipment);
  if (!shipment.files.empty()) {
    std::string ticket = draw_ticket();
    json::array shipped;
    for (const Shipment::File& file : shipment.files) shipped.push_back(ship(ask, ticket, file));
    request["ticket"] = ticket;
    request["shipped"] = std::move(shipped);
  }
  return json::parse(ask("submit", request, {}).answer).as_object();
}

}  // namespace tramontane
