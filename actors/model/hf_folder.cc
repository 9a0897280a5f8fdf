#include "actors/model/hf_folder.h"

#include "actors/model/packed.h"
#include "actors/model/policy.h"
#include "actors/model/tokenizer_settings.h"
#include "actors/model/weight_files.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "storage/checkpoint.h"
#include "storage/safetensors.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>

namespace tramontane {

namespace {

constexpr std::size_t problems_max = 12;  // listed by name
constexpr const char* generation = "generation_config.json";

std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in)
    throw Error(
        errno == ENOENT ? Errc::not_found : Errc::io, str(path, ": ", std::strerror(errno)));
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad()) throw Error(Errc::io, path + ": reading it failed");
  return text.str();
}

// Runs `parse` with errors that begin with the folder.
template <class Parse>
auto in_folder(const std::string& folder, Parse parse) {
  try {
    return parse();
  } catch (const Error& error) {
    throw Error(error.errc(), str(folder, "/", error.text()));
  }
}

float from_half(std::uint16_t half) {
  std::uint32_t sign = (half & 0x8000U) << 16;
  std::uint32_t exponent = half >> 10 & 0x1fU;
  std::uint32_t fraction = half & 0x3ffU;
  if (exponent == 0) {
    float value = static_cast<float>(fraction) * 0x1p-24F;
    return sign != 0 ? -value : value;
  }
  exponent = exponent == 31 ? 255 : exponent + 112;
  return std::bit_cast<float>(sign | exponent << 23 | fraction << 13);
}

void convert(ByteView bytes, std::string_view dtype, std::span<float> out) {
  if (dtype == "F32") {
    std::memcpy(out.data(), bytes.data(), bytes.size());
    return;
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::uint16_t half = 0;
    std::memcpy(&half, bytes.data() + 2 * i, 2);
    out[i] = dtype == "BF16" ? std::bit_cast<float>(std::uint32_t{half} << 16) : from_half(half);
  }
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "(";
  for (std::int64_t extent : shape) text += str(text.size() > 1 ? ", " : "", extent);
  return text + ")";
}

// Collects what does not fit, to be told all at once.
class Problems {
 public:
  void add(std::string text) {
    if (++count_ <= problems_max) text_ += "\n  " + std::move(text);
  }

  void throw_if_any(const std::string& folder) const {
    if (count_ == 0) return;
    std::string more = count_ > problems_max ? str("\n  and ", count_ - problems_max, " more") : "";
    throw Error(
        Errc::bad_input, str(folder, ": the weights do not fit its config.json:", text_, more));
  }

 private:
  std::size_t count_ = 0;
  std::string text_;
};

// What is in a folder before its tensors are read.
struct Described {
  ModelConfig config;
  bool text_part = false;  // of a model that sees images as well
  Tokenizer tokenizer;
};

// Files that a tokenizer is read from: of those that a folder has, the first.
constexpr const char* tokenizer_names[] = {"tokenizer.json", "tekken.json", "tokenizer.model"};

Tokenizer parse_tokenizer(std::string_view name, std::string_view bytes) {
  if (name == "tekken.json") return Tokenizer::parse_tekken(bytes);
  if (name == "tokenizer.model") return Tokenizer::parse_sentencepiece(bytes);
  return Tokenizer::parse(bytes);
}

std::string tokenizer_name(const std::string& path) {
  for (const char* name : tokenizer_names)
    if (std::filesystem::exists(str(path, "/", name))) return name;
  throw Error(Errc::not_found,
      path + " has no tokenizer: tokenizer.json, tekken.json or tokenizer.model is missing");
}

// `settings`: of tokenizer_config.json; empty where there is none.
Described describe(const std::string& path, std::string_view config, const std::string& name,
    std::string_view tokenizer, std::string_view settings) {
  return in_folder(path, [&] {
    Described d{parse_model_config(config), is_text_part(config), parse_tokenizer(name, tokenizer)};
    if (!settings.empty()) d.tokenizer = with_config(std::move(d.tokenizer), settings);
    if (d.tokenizer.vocabulary() > d.config.vocabulary)
      throw Error(
          Errc::bad_input, str(name, " has ", d.tokenizer.vocabulary(),
                               " tokens, config.json a vocab_size of ", d.config.vocabulary));
    return d;
  });
}

// The tensor's name in the model; nothing where it is of another part.
std::optional<std::string> name_of(const Described& d, const SafetensorsTensor& tensor) {
  return d.text_part ? text_tensor(tensor.name) : tensor.name;
}

// Takes tensors into an arena, and notes what does not fit.
class Taking {
 public:
  Taking(const Described& d, Arena& arena) : described_(d), arena_(arena) {}

  // `bytes_of(tensor)`: its bytes in the file called `file`.
  template <class BytesOf>
  void take(
      const std::string& file, const std::vector<SafetensorsTensor>& tensors, BytesOf bytes_of) {
    for (const SafetensorsTensor& tensor : tensors) {
      std::optional<std::string> name = name_of(described_, tensor);
      if (!name) continue;
      const TensorEntry* entry = arena_.manifest().find(*name);
      std::string tells = str(file, ": tensor '", tensor.name, "'");
      if (entry == nullptr) {
        // Written by some tools although it can be computed.
        if (name->find("rotary_emb.inv_freq") == std::string::npos)
          problems_.add(tells + " is not of this model");
      } else if (entry->shape != tensor.shape) {
        problems_.add(str(tells, " has shape ", shape_text(tensor.shape), ", expected ",
            shape_text(entry->shape)));
      } else if (tensor.dtype != "F32" && tensor.dtype != "BF16" && tensor.dtype != "F16") {
        problems_.add(str(tells, " has dtype ", tensor.dtype, ", expected F32, BF16 or F16"));
      } else {
        convert(bytes_of(tensor), tensor.dtype, arena_.floats(*name));
      }
      if (!loaded_.insert(*name).second) problems_.add(tells + " is in two files");
    }
  }

  void finish(const std::string& folder) {
    for (const TensorEntry& tensor : arena_.manifest().tensors())
      if (!loaded_.contains(tensor.name))
        problems_.add(str("tensor '", tensor.name, "' ", shape_text(tensor.shape), " is missing"));
    problems_.throw_if_any(folder);
  }

 private:
  const Described& described_;
  Arena& arena_;
  std::set<std::string> loaded_;
  Problems problems_;
};

std::shared_ptr<Arena> arena_for(const ModelConfig& config) {
  return std::make_shared<Arena>(std::make_shared<const Manifest>(model_manifest(config)));
}

// `arena` with a head that is the embedding anyway becomes one without.
std::shared_ptr<Arena> without_head(const ModelConfig& tied, const Arena& arena) {
  auto smaller = arena_for(tied);
  for (const TensorEntry& tensor : smaller->manifest().tensors()) {
    std::span<const float> from = arena.floats(tensor.name);
    std::copy(from.begin(), from.end(), smaller->floats(tensor.name).begin());
  }
  return smaller;
}

// `each_file(take)` calls take(name, tensors, bytes_of) for every weight file.
template <class EachFile>
HfFolder assemble(const std::string& path, Described d, EachFile each_file) {
  constexpr const char* head = "lm_head.weight";
  bool tied = d.config.tied_head;
  if (tied)
    each_file([&](const std::string&, const auto& tensors, auto) {
      for (const SafetensorsTensor& tensor : tensors)
        if (name_of(d, tensor) == head) d.config.tied_head = false;
    });
  auto arena = arena_for(d.config);
  Taking taking(d, *arena);
  each_file([&](const std::string& name, const auto& tensors, auto bytes_of) {
    taking.take(name, tensors, bytes_of);
  });
  taking.finish(path);
  if (tied && !d.config.tied_head &&
      std::ranges::equal(arena->floats(head), arena->floats("model.embed_tokens.weight"))) {
    d.config.tied_head = true;
    arena = without_head(d.config, *arena);
  }
  return {std::move(d.config), std::move(d.tokenizer), std::move(arena), {}, {}};
}

std::string_view settings_in(const std::map<std::string, Bytes>& files) {
  auto found = files.find("tokenizer_config.json");
  return found == files.end() ? std::string_view() : as_text(found->second);
}

// Files that say more of the model, which a checkpoint has as they were.
constexpr const char* carried_names[] = {"added_tokens.json", "chat_template.jinja",
    "chat_template.json", "generation_config.json", "merges.txt", "special_tokens_map.json",
    "tekken.json", "tokenizer.model", "tokenizer_config.json", "vocab.json"};

Bytes bytes_of_text(std::string_view text) {
  ByteView bytes = as_bytes(text);
  return Bytes(bytes.begin(), bytes.end());
}

}  // namespace

HfFolder load_hf_folder(const std::string& path) {
  if (!std::filesystem::exists(path + "/config.json")) {
    refuse_other_forms(path);
    throw Error(
        Errc::not_found, path +
                             " is no model: it has no config.json (a checkpoint is a folder like "
                             "RUN/checkpoints/step-000200)");
  }
  std::set<std::string> names = weight_files(path);
  std::vector<std::string> checked(names.begin(), names.end());
  std::string words = tokenizer_name(path);
  checked.insert(checked.end(), {"config.json", words});
  for (const char* name : carried_names)
    if (name != words && std::filesystem::exists(str(path, "/", name))) checked.emplace_back(name);
  check_files(*system_files(), path, checked);
  std::map<std::string, Bytes> carried;
  for (const char* name : carried_names)
    if (std::find(checked.begin(), checked.end(), name) != checked.end())
      carried[name] = bytes_of_text(read_text(str(path, "/", name)));
  Described d = describe(path, read_text(path + "/config.json"), words,
      read_text(str(path, "/", words)), settings_in(carried));
  if (carried.contains(generation))
    in_folder(path, [&] { return add_generation_ends(as_text(carried[generation]), d.config), 0; });
  HfFolder folder = assemble(path, std::move(d), [&](const auto& take) {
    for (const std::string& name : names) {
      SafetensorsFile file = SafetensorsFile::open(path + "/" + name);
      take(name, file.tensors(),
          [&](const SafetensorsTensor& tensor) { return file.bytes(tensor); });
    }
  });
  folder.files = std::move(checked);
  folder.carried = std::move(carried);
  return folder;
}

HfFolder load_hf_files(const std::string& path, const std::map<std::string, Bytes>& files) {
  auto file = [&](const char* name) -> ByteView {
    auto found = files.find(name);
    if (found == files.end()) throw Error(Errc::not_found, str(path, "/", name, ": it is missing"));
    return found->second;
  };
  Described d = describe(path, as_text(file("config.json")), "tokenizer.json",
      as_text(file("tokenizer.json")), settings_in(files));
  const char* name = "model.safetensors";
  ByteView weights = file(name);
  SafetensorsHeader header = in_folder(path, [&] { return parse_safetensors(weights); });
  return assemble(path, std::move(d), [&](const auto& take) {
    take(name, header.tensors, [&](const SafetensorsTensor& tensor) {
      return weights.subspan(header.data_begin + tensor.begin, tensor.end - tensor.begin);
    });
  });
}

std::map<std::string, Pieces> hf_pieces(const ModelConfig& config,
    const std::string& tokenizer_json, ByteView parameters,
    const std::map<std::string, Bytes>& carried) {
  Manifest manifest = model_manifest(config);
  TRAM_CHECK(
      parameters.size() == manifest.bytes(), "not the config's parameters", parameters.size());
  std::vector<SafetensorsSource> tensors;
  for (const TensorEntry& tensor : manifest.tensors())
    tensors.push_back(
        {tensor.name, "F32", tensor.shape, parameters.subspan(tensor.offset, tensor.size)});
  std::map<std::string, Pieces> files;
  for (const auto& [name, bytes] : carried) files[name].borrow(bytes);
  auto before = carried.find(generation);
  auto write = [&](const char* name, const std::string& text) {
    files[name] = Pieces(bytes_of_text(text));
  };
  write(generation,
      write_generation_config(before == carried.end() ? "{}" : as_text(before->second), config));
  write("config.json", write_model_config(config));
  write("tokenizer.json", tokenizer_json);
  files["model.safetensors"] = safetensors_pieces(tensors, {{"format", "pt"}});
  return files;
}

std::map<std::string, Bytes> hf_files(const ModelConfig& config, const std::string& tokenizer_json,
    const Arena& arena, const std::map<std::string, Bytes>& carried) {
  check_manifest(config, arena.manifest());
  std::map<std::string, Bytes> files;
  for (const auto& [name, pieces] : hf_pieces(config, tokenizer_json, arena.bytes(), carried))
    files[name] = pieces.joined();
  return files;
}

}  // namespace tramontane
