#include "storage/checkpoint.h"

#include "runtime/base/check.h"
#include "runtime/base/json_text.h"
#include "runtime/base/result.h"

#include <boost/json.hpp>
#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>

namespace tramontane {
namespace {

namespace json = boost::json;

constexpr std::int64_t format = 1;
constexpr const char* manifest_name = "manifest.json";
constexpr std::string_view step_prefix = "step-";
constexpr std::string_view removing_prefix = ".removing-";

std::string hash_text(std::uint64_t hash) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

std::string hash_text(ByteView bytes) {
  return hash_text(XXH3_64bits(bytes.data(), bytes.size()));
}

std::string hash_text(const Pieces& pieces) {
  std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state(
      XXH3_createState(), &XXH3_freeState);
  XXH3_64bits_reset(state.get());
  for (ByteView view : pieces.views()) XXH3_64bits_update(state.get(), view.data(), view.size());
  return hash_text(XXH3_64bits_digest(state.get()));
}

std::string name_of_version(std::uint64_t version) {
  char text[32];
  std::snprintf(text, sizeof text, "step-%06llu", static_cast<unsigned long long>(version));
  return text;
}

std::optional<std::uint64_t> version_of_name(std::string_view name) {
  if (!name.starts_with(step_prefix)) return std::nullopt;
  std::uint64_t version = 0;
  auto begin = name.data() + step_prefix.size();
  auto [end, error] = std::from_chars(begin, name.data() + name.size(), version);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return version;
}

[[noreturn]] void corrupt(const std::string& what, const std::string& why) {
  throw Error(Errc::corrupt, what + ": " + why);
}

// The manifest's text ends with the hash of what stands before it. It is checked as text: a number
// that is parsed and written again need not look the same.
constexpr std::string_view check_key = ",\"check\":\"";

std::string make_manifest(
    std::uint64_t version, const std::map<std::string, Pieces>& files, const json::object& about) {
  json::array list;
  for (const auto& [name, pieces] : files) {
    list.push_back({{"name", name}, {"size", pieces.size()}, {"xxh3", hash_text(pieces)}});
  }
  json::object manifest{
      {"format", format}, {"version", version}, {"files", std::move(list)}, {"about", about}};
  std::string text = json_text(manifest);
  std::string check = hash_text(as_bytes(text));
  text.pop_back();  // the closing brace
  return str(text, check_key, check, "\"}");
}

struct Entry {
  std::string name;
  std::uint64_t size = 0;
  std::string hash;
};

struct Manifest {
  std::uint64_t version = 0;
  std::vector<Entry> entries;
  json::object about;
};

Manifest read_manifest(const Files& files, const std::string& folder) {
  std::string path = folder + "/" + manifest_name;
  if (!files.exists(path)) corrupt(folder, "it has no manifest.json");
  auto bytes = files.read(path);
  try {
    std::string_view text = as_text(bytes);
    auto object = json::parse(text).as_object();
    std::string checked(text.substr(0, text.rfind(check_key)));
    std::string tail = str(check_key, hash_text(as_bytes(checked + "}")), "\"}");
    if (text != checked + tail) corrupt(path, "its text does not match its own hash");
    if (object.at("format").to_number<std::int64_t>() != format) {
      throw Error(Errc::unsupported, str(path, ": format ", object.at("format"),
                                         " is not known; this program reads ", format));
    }
    Manifest manifest;
    manifest.version = object.at("version").to_number<std::uint64_t>();
    for (const auto& item : object.at("files").as_array()) {
      const auto& file = item.as_object();
      manifest.entries.push_back({std::string(file.at("name").as_string()),
          file.at("size").to_number<std::uint64_t>(), std::string(file.at("xxh3").as_string())});
    }
    manifest.about = object.at("about").as_object();
    return manifest;
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {  // Boost.JSON: wrong syntax, missing field, wrong type
    corrupt(path, str("it is not a manifest: ", error.what()));
  }
}

// A JSON object without any of our keys is a manifest of something else that has this name.
bool is_foreign(ByteView manifest) {
  boost::system::error_code error;
  auto value = json::parse(as_text(manifest), error);
  const auto* object = error ? nullptr : value.if_object();
  if (object == nullptr) return false;
  return !object->contains("format") && !object->contains("files") && !object->contains("about") &&
         !object->contains("check");
}

// Throws Error(corrupt) unless the file is there with its size and hash.
void check_file(const Entry& entry, const std::string& path, ByteView bytes) {
  if (bytes.size() != entry.size) {
    corrupt(path, str("it has ", bytes.size(), " bytes instead of ", entry.size));
  }
  if (hash_text(bytes) != entry.hash) corrupt(path, "its content does not match its hash");
}

}  // namespace

CheckpointStore::CheckpointStore(Files& files, std::string folder, CheckpointOptions options)
    : files_(files), folder_(std::move(folder)), options_(options) {
  TRAM_CHECK(options_.keep_last >= 1, "keep_last must be at least 1");
}

std::string CheckpointStore::folder_of_version(std::uint64_t version) const {
  return folder_ + "/" + name_of_version(version);
}

std::map<std::uint64_t, std::string> CheckpointStore::folders() const {
  std::map<std::uint64_t, std::string> found;
  if (!files_.exists(folder_)) return found;
  // Names with a dot come first: one put aside counts only where its successor never came.
  for (const auto& name : files_.list(folder_)) {
    std::string_view rest = name;
    if (rest.starts_with(removing_prefix)) rest.remove_prefix(removing_prefix.size());
    if (auto version = version_of_name(rest)) found[*version] = folder_ + "/" + name;
  }
  return found;
}

std::string CheckpointStore::save(
    std::uint64_t version, const std::map<std::string, Bytes>& files, const json::object& about) {
  std::map<std::string, Pieces> pieces;
  for (const auto& [name, bytes] : files) pieces[name].borrow(bytes);
  return save(version, pieces, about);
}

std::string CheckpointStore::save(
    std::uint64_t version, const std::map<std::string, Pieces>& files, const json::object& about) {
  files_.make_folder(folder_);
  remove_leftovers();
  std::string name = name_of_version(version);
  std::string writing = folder_ + "/.writing-" + name;
  files_.make_folder(writing);
  for (const auto& [file, pieces] : files) {
    TRAM_CHECK(file.find('/') == std::string::npos, "a checkpoint has no sub-folders", file);
    TRAM_CHECK(file != manifest_name, "manifest.json is written by the store");
    files_.write(writing + "/" + file, pieces);
  }
  auto manifest = make_manifest(version, files, about);
  files_.write(writing + "/" + manifest_name, as_bytes(manifest));
  files_.sync_folder(writing);
  std::string target = folder_ + "/" + name;
  if (files_.exists(target)) files_.rename(target, str(folder_, "/", removing_prefix, name));
  files_.rename(writing, target);
  files_.sync_folder(folder_);
  remove_old(version);
  return target;
}

void CheckpointStore::remove_leftovers() {
  for (const auto& name : files_.list(folder_)) {
    // One that was put aside for a new one that never came is the only copy: it comes back.
    if (name.starts_with(removing_prefix)) {
      std::string original = folder_ + "/" + name.substr(removing_prefix.size());
      if (!files_.exists(original)) {
        files_.rename(folder_ + "/" + name, original);
        continue;
      }
    }
    if (name.starts_with(".")) files_.remove(folder_ + "/" + name);
  }
}

void CheckpointStore::remove_old(std::uint64_t newest) {
  auto all = folders();
  all.erase(all.upper_bound(newest), all.end());
  if (best_problem()) return;
  auto keep = best();
  std::size_t excess = all.size() > options_.keep_last ? all.size() - options_.keep_last : 0;
  for (const auto& [version, path] : all) {
    if (excess == 0) break;
    --excess;
    if (keep == version) continue;
    // Whole or gone: nobody ever sees half of it under its own name.
    std::string aside = folder_ + "/.removed-" + name_of_version(version);
    files_.rename(path, aside);
    files_.remove(aside);
  }
}

std::vector<CheckpointInfo> CheckpointStore::list() const {
  std::vector<CheckpointInfo> result;
  auto best_version = best();
  for (const auto& [version, path] : folders()) {
    CheckpointInfo info;
    info.version = version;
    info.folder = path;
    info.best = best_version == version;
    try {
      auto manifest = read_manifest(files_, path);
      info.about = manifest.about;
      if (manifest.version != version) corrupt(path, "its manifest names another version");
      for (const auto& entry : manifest.entries) {
        std::string file = path + "/" + entry.name;
        if (!files_.exists(file)) corrupt(file, "it is missing");
        check_file(entry, file, files_.map(file)->bytes());
        info.bytes += entry.size;
      }
    } catch (const Error& error) {
      info.problem = error.text();
    }
    result.push_back(std::move(info));
  }
  return result;
}

Checkpoint CheckpointStore::load(const std::string& folder) const {
  if (!files_.exists(folder)) {
    throw Error(Errc::not_found, folder + ": there is no checkpoint of this name");
  }
  auto manifest = read_manifest(files_, folder);
  Checkpoint checkpoint;
  checkpoint.version = manifest.version;
  checkpoint.folder = folder;
  checkpoint.about = std::move(manifest.about);
  for (const auto& entry : manifest.entries) {
    std::string path = folder + "/" + entry.name;
    if (!files_.exists(path)) corrupt(path, "it is missing");
    auto bytes = files_.read(path);
    check_file(entry, path, bytes);
    checkpoint.files.emplace(entry.name, std::move(bytes));
  }
  return checkpoint;
}

std::optional<Checkpoint> CheckpointStore::newest_valid() const {
  std::vector<std::string> skipped;
  auto all = folders();
  for (auto at = all.rbegin(); at != all.rend(); ++at) {
    try {
      auto checkpoint = load(at->second);
      if (checkpoint.version != at->first) {
        corrupt(at->second, "its manifest names another version");
      }
      checkpoint.skipped = std::move(skipped);
      return checkpoint;
    } catch (const Error& error) {
      skipped.push_back(error.text());
    }
  }
  return std::nullopt;
}

std::vector<std::string> CheckpointStore::damaged() const {
  std::vector<std::string> found;
  auto all = list();
  for (auto info = all.rbegin(); info != all.rend(); ++info)
    if (!info->valid()) found.push_back(info->problem);
  return found;
}

bool CheckpointStore::has(std::uint64_t version) const {
  return files_.exists(folder_of_version(version));
}

void CheckpointStore::mark_best(std::uint64_t version, double score) {
  TRAM_CHECK(has(version), "no such checkpoint", version);
  auto text = json_text(json::object{{"version", version}, {"score", score}});
  write_durably(files_, folder_ + "/best.json", as_bytes(text));
  auto all = folders();
  if (!all.empty()) remove_old(all.rbegin()->first);
}

std::optional<CheckpointStore::Best> CheckpointStore::read_best() const {
  std::string path = folder_ + "/best.json";
  if (!files_.exists(path)) return std::nullopt;
  auto bytes = files_.read(path);
  boost::system::error_code error;
  auto value = json::parse(as_text(bytes), error);
  auto* object = error ? nullptr : value.if_object();
  auto* version = object == nullptr ? nullptr : object->if_contains("version");
  std::uint64_t number = 0;
  bool named = version != nullptr && version->is_number();
  if (named) number = version->to_number<std::uint64_t>(error);
  if (!named || error) corrupt(path, "it names no version");
  if (!folders().contains(number))
    corrupt(path, str("it names version ", number, ", which is not there"));
  auto* score = object->if_contains("score");
  if (score == nullptr || !score->is_number()) corrupt(path, "it has no score");
  return Best{number, score->to_number<double>()};
}

std::optional<std::uint64_t> CheckpointStore::best() const {
  if (best_problem()) return std::nullopt;
  auto best = read_best();
  return best ? std::optional(best->version) : std::nullopt;
}

std::optional<double> CheckpointStore::best_score() const {
  if (best_problem()) return std::nullopt;
  auto best = read_best();
  return best ? std::optional(best->score) : std::nullopt;
}

std::optional<std::string> CheckpointStore::best_problem() const {
  try {
    read_best();
    return std::nullopt;
  } catch (const Error& error) {
    return error.text();
  }
}

boost::json::object about_checkpoint(const Files& files, const std::string& folder) {
  std::string manifest_path = folder + "/" + manifest_name;
  if (!files.exists(manifest_path) || is_foreign(files.map(manifest_path)->bytes())) return {};
  return read_manifest(files, folder).about;
}

void check_files(
    const Files& files, const std::string& folder, const std::vector<std::string>& names) {
  std::string manifest_path = folder + "/" + manifest_name;
  if (!files.exists(manifest_path) || is_foreign(files.map(manifest_path)->bytes())) return;
  auto manifest = read_manifest(files, folder);
  for (const auto& entry : manifest.entries) {
    if (std::find(names.begin(), names.end(), entry.name) == names.end()) continue;
    std::string path = folder + "/" + entry.name;
    if (!files.exists(path)) corrupt(path, "it is missing");
    check_file(entry, path, files.map(path)->bytes());
  }
}

}  // namespace tramontane
