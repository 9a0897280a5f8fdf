#include "actors/model/hf_folder.h"

#include "actors/model/policy.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"
#include "storage/checkpoint.h"
#include "storage/safetensors.h"

#include <boost/json.hpp>

#include <bit>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace tramontane {

namespace {

constexpr std::size_t problems_max = 12;  // listed by name

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

// The weight files of the folder: one, or those that the index names.
std::set<std::string> weight_files(const std::string& folder) {
  std::string index = folder + "/model.safetensors.index.json";
  if (!std::filesystem::exists(index)) return {"model.safetensors"};
  boost::system::error_code code;
  boost::json::value value = boost::json::parse(read_text(index), code);
  const boost::json::value* map =
      !code && value.is_object() ? value.as_object().if_contains("weight_map") : nullptr;
  if (map == nullptr || !map->is_object())
    throw Error(Errc::bad_input, index + ": no 'weight_map' object");
  std::set<std::string> names;
  for (const auto& [tensor, file] : map->as_object()) {
    std::string name = file.is_string() ? boost::json::value_to<std::string>(file) : "";
    if (name.empty() || name.find('/') != std::string::npos)
      throw Error(Errc::bad_input,
          str(index, ": tensor '", tensor, "' has no file name within the folder"));
    names.insert(name);
  }
  return names;
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

// `bytes_of(tensor)`: its bytes in the file called `name`.
template <class BytesOf>
void take_tensors(const std::string& name, const std::vector<SafetensorsTensor>& tensors,
    BytesOf bytes_of, bool tied, Arena& arena, std::set<std::string>& loaded, Problems& problems) {
  for (const SafetensorsTensor& tensor : tensors) {
    const TensorEntry* entry = arena.manifest().find(tensor.name);
    if (entry == nullptr) {
      // Written by some tools although it is the embedding, or can be computed.
      bool redundant = (tied && tensor.name == "lm_head.weight") ||
                       tensor.name.find("rotary_emb.inv_freq") != std::string::npos;
      if (!redundant) problems.add(str(name, ": tensor '", tensor.name, "' is not of this model"));
    } else if (entry->shape != tensor.shape) {
      problems.add(str(name, ": tensor '", tensor.name, "' has shape ", shape_text(tensor.shape),
          ", expected ", shape_text(entry->shape)));
    } else if (tensor.dtype != "F32" && tensor.dtype != "BF16" && tensor.dtype != "F16") {
      problems.add(str(name, ": tensor '", tensor.name, "' has dtype ", tensor.dtype,
          ", expected F32, BF16 or F16"));
    } else {
      convert(bytes_of(tensor), tensor.dtype, arena.floats(tensor.name));
    }
    if (!loaded.insert(tensor.name).second)
      problems.add(str(name, ": tensor '", tensor.name, "' is in two files"));
  }
}

// `each_file(take)` calls take(name, tensors, bytes_of) for every weight file.
template <class EachFile>
HfFolder assemble(
    const std::string& path, ModelConfig config, Tokenizer tokenizer, EachFile each_file) {
  if (tokenizer.vocabulary() > config.vocabulary)
    throw Error(Errc::bad_input, str(path, ": tokenizer.json has ", tokenizer.vocabulary(),
                                     " tokens, config.json a vocab_size of ", config.vocabulary));
  auto arena = std::make_shared<Arena>(std::make_shared<const Manifest>(model_manifest(config)));
  std::set<std::string> loaded;
  Problems problems;
  each_file([&](const std::string& name, const auto& tensors, auto bytes_of) {
    take_tensors(name, tensors, bytes_of, config.tied_head, *arena, loaded, problems);
  });
  for (const TensorEntry& tensor : arena->manifest().tensors())
    if (!loaded.contains(tensor.name))
      problems.add(str("tensor '", tensor.name, "' ", shape_text(tensor.shape), " is missing"));
  problems.throw_if_any(path);
  return {std::move(config), std::move(tokenizer), std::move(arena), {}};
}

}  // namespace

HfFolder load_hf_folder(const std::string& path) {
  if (!std::filesystem::exists(path + "/config.json"))
    throw Error(
        Errc::not_found, path +
                             " is no model: it has no config.json (a checkpoint is a folder like "
                             "RUN/checkpoints/step-000200)");
  std::set<std::string> names = weight_files(path);
  std::vector<std::string> checked(names.begin(), names.end());
  checked.insert(checked.end(), {"config.json", "tokenizer.json"});
  check_files(*system_files(), path, checked);
  ModelConfig config =
      in_folder(path, [&] { return parse_model_config(read_text(path + "/config.json")); });
  std::string generation = path + "/generation_config.json";
  if (std::filesystem::exists(generation))
    in_folder(path, [&] { return add_generation_ends(read_text(generation), config), 0; });
  Tokenizer tokenizer =
      in_folder(path, [&] { return Tokenizer::parse(read_text(path + "/tokenizer.json")); });
  if (std::filesystem::exists(generation)) checked.emplace_back("generation_config.json");
  HfFolder folder = assemble(path, std::move(config), std::move(tokenizer), [&](const auto& take) {
    for (const std::string& name : names) {
      SafetensorsFile file = SafetensorsFile::open(path + "/" + name);
      take(name, file.tensors(),
          [&](const SafetensorsTensor& tensor) { return file.bytes(tensor); });
    }
  });
  folder.files = std::move(checked);
  return folder;
}

HfFolder load_hf_files(const std::string& path, const std::map<std::string, Bytes>& files) {
  auto file = [&](const char* name) -> ByteView {
    auto found = files.find(name);
    if (found == files.end()) throw Error(Errc::not_found, str(path, "/", name, ": it is missing"));
    return found->second;
  };
  ModelConfig config =
      in_folder(path, [&] { return parse_model_config(as_text(file("config.json"))); });
  Tokenizer tokenizer =
      in_folder(path, [&] { return Tokenizer::parse(as_text(file("tokenizer.json"))); });
  const char* name = "model.safetensors";
  ByteView weights = file(name);
  SafetensorsHeader header = in_folder(path, [&] { return parse_safetensors(weights); });
  return assemble(path, std::move(config), std::move(tokenizer), [&](const auto& take) {
    take(name, header.tensors, [&](const SafetensorsTensor& tensor) {
      return weights.subspan(header.data_begin + tensor.begin, tensor.end - tensor.begin);
    });
  });
}

std::map<std::string, Bytes> hf_files(
    const ModelConfig& config, const std::string& tokenizer_json, const Arena& arena) {
  std::vector<SafetensorsSource> tensors;
  for (const TensorEntry& tensor : arena.manifest().tensors()) {
    TRAM_CHECK(tensor.dtype == Dtype::float32, "checkpoints are float32", tensor.name);
    tensors.push_back(
        {tensor.name, "F32", tensor.shape, arena.bytes().subspan(tensor.offset, tensor.size)});
  }
  auto copy = [](std::string_view text) {
    ByteView bytes = as_bytes(text);
    return Bytes(bytes.begin(), bytes.end());
  };
  std::map<std::string, Bytes> files;
  files["config.json"] = copy(write_model_config(config));
  files["tokenizer.json"] = copy(tokenizer_json);
  files["model.safetensors"] = write_safetensors(tensors, {{"format", "pt"}});
  return files;
}

}  // namespace tramontane
