#include "actors/model/config_layers.h"

#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <boost/json.hpp>

#include <algorithm>

namespace tramontane {

namespace json = boost::json;

namespace {

constexpr std::string_view full = "full_attention";
constexpr std::string_view sliding = "sliding_attention";

constexpr std::int64_t window_max = 1 << 30;

std::vector<bool> all(const ModelConfig& c, bool value) {
  return std::vector<bool>(static_cast<std::size_t>(c.layers), value);
}

bool any(const std::vector<bool>& flags) {
  return std::find(flags.begin(), flags.end(), true) != flags.end();
}

// sliding_window; 0: null.
std::int64_t size_of(const ConfigFields& fields, const Architecture& architecture) {
  if (!fields.has("sliding_window")) return architecture.window;
  return fields.integer_or("sliding_window", 0, window_max);
}

// Whether a file's switch is on.
bool switched(const Architecture& a, const ConfigFields& fields) {
  bool plain = a.windows == Windows::plain || a.windows == Windows::typed;
  return fields.flag_or("use_sliding_window", plain);
}

// By layer, whether layer_types says that it slides; nothing if there is none.
std::vector<bool> typed(const ConfigFields& fields, std::int64_t layers) {
  std::vector<bool> flags;
  for (const std::string& type : fields.texts("layer_types", layers)) {
    if (type != full && type != sliding)
      fields.unsupported("layer_types", str("supported are ", full, " and ", sliding));
    flags.push_back(type == sliding);
  }
  return flags;
}

void read_turns(const ConfigFields& fields, ModelConfig& c) {
  constexpr std::string_view name = "no_rope_layers";
  std::vector<bool> unturned = all(c, false);
  const json::value* listed = fields.find(name);
  if (listed != nullptr) {
    // It may be longer than there are layers.
    std::int64_t count = listed->is_array() ? std::ssize(listed->as_array()) : 0;
    if (count < c.layers) fields.bad(name, str("a list of ", c.layers, " whole numbers"));
    std::vector<std::int64_t> turned = fields.integers(name, count);
    for (std::size_t i = 0; i < unturned.size(); ++i) unturned[i] = turned[i] == 0;
  } else {
    std::int64_t interval = fields.integer_or("no_rope_layer_interval", 4, window_max);
    for (std::size_t i = 0; i < unturned.size(); ++i)
      unturned[i] = (static_cast<std::int64_t>(i) + 1) % interval == 0;
  }
  if (any(unturned)) c.unturned_layers = std::move(unturned);
}

// By layer, what slides where layer_types does not say.
std::vector<bool> by_default(
    const ConfigFields& fields, const Architecture& a, const ModelConfig& c, bool window) {
  std::vector<bool> slides = all(c, window);
  if (a.windows == Windows::by_layer) {
    std::int64_t first = 28;
    if (fields.find("max_window_layers") != nullptr)
      first = fields.integer("max_window_layers", 0, window_max);
    for (std::int64_t i = 0; i < std::min(first, c.layers); ++i)
      slides[static_cast<std::size_t>(i)] = false;
  }
  if (a.windows == Windows::unturned)
    for (std::int64_t i = 0; i < c.layers; ++i)
      if (c.turns(i)) slides[static_cast<std::size_t>(i)] = false;
  return slides;
}

// What transformers would pass over.
void check_unread(const ConfigFields& fields, const Architecture& a, std::int64_t window) {
  bool plain = a.windows == Windows::plain || a.windows == Windows::typed;
  if (a.windows == Windows::none && window > 0)
    fields.unsupported("sliding_window", "this architecture has none; remove the key");
  if (a.windows == Windows::none && fields.flag_or("use_sliding_window", false))
    fields.unsupported("use_sliding_window", "this architecture has no window; remove the key");
  if (plain && window > 0 && !switched(a, fields))
    fields.unsupported("use_sliding_window",
        "this architecture does not read it: set 'sliding_window' to null for none");
  if (window > 0 && (plain || (a.windows == Windows::flagged && switched(a, fields))) &&
      fields.find("max_window_layers") != nullptr &&
      fields.integer("max_window_layers", 0, window_max) > 0)
    fields.unsupported("max_window_layers",
        "this architecture does not read it, its window is in every layer: set it to 0");
}

}  // namespace

void read_layers(const ConfigFields& fields, const Architecture& architecture, ModelConfig& c) {
  if (architecture.windows == Windows::unturned) read_turns(fields, c);
  std::int64_t window = size_of(fields, architecture);
  check_unread(fields, architecture, window);
  if (architecture.windows == Windows::none) window = 0;
  bool on = window > 0 && switched(architecture, fields);
  std::vector<bool> slides = by_default(fields, architecture, c, on);
  std::vector<bool> types = typed(fields, c.layers);
  bool honoured = architecture.windows == Windows::by_layer ||
                  architecture.windows == Windows::typed ||
                  architecture.windows == Windows::unturned;
  if (!types.empty() && !honoured && types != slides)
    fields.unsupported("layer_types",
        "this architecture does not read it, and its window is in every layer or in none; remove "
        "it");
  if (!types.empty() && any(types) && !on)
    fields.bad(
        "layer_types", "no sliding_attention where 'sliding_window' is null or switched off");
  if (!types.empty()) slides = types;
  if (!any(slides)) return;
  c.window = window;
  slides.flip();
  if (any(slides)) c.full_layers = std::move(slides);
}

void write_layers(const ModelConfig& c, const Architecture& architecture, json::object& object) {
  Windows words = architecture.windows;
  bool by_layer =
      words == Windows::by_layer || words == Windows::typed || words == Windows::unturned;
  if ((c.window != 0 && words == Windows::none) || (!c.full_layers.empty() && !by_layer) ||
      (!c.unturned_layers.empty() && words != Windows::unturned))
    throw Error(Errc::unsupported, str("no ", architecture.name, " has such layers; set ",
                                       "'architecture' to one whose windows are by layer"));
  if (words == Windows::none) return;
  object["sliding_window"] = c.window == 0 ? json::value() : json::value(c.window);
  if (words == Windows::by_layer || words == Windows::flagged || words == Windows::unturned)
    object["use_sliding_window"] = c.window != 0;
  if (words == Windows::flagged) object["max_window_layers"] = 0;
  if (words == Windows::unturned) {
    json::array turned;
    for (std::int64_t i = 0; i < c.layers; ++i) turned.emplace_back(c.turns(i) ? 1 : 0);
    object["no_rope_layers"] = std::move(turned);
  }
  if (!by_layer) return;
  // For readers that do not know layer_types: the first layer that slides.
  std::int64_t first = 0;
  json::array types;
  for (std::int64_t i = 0; i < c.layers; ++i) {
    bool slides = c.window_of(i) > 0;
    if (first == i && !slides) ++first;
    types.emplace_back(slides ? sliding : full);
  }
  if (words == Windows::by_layer) object["max_window_layers"] = first;
  object["layer_types"] = std::move(types);
}

}  // namespace tramontane
