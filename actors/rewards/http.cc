// The `http` reward: an endpoint that grades (outside.h), or a language model that judges.
#include "actors/rewards/outside.h"
#include "actors/rewards/rewards.h"
#include "runtime/base/check.h"
#include "runtime/base/result.h"

#include <algorithm>
#include <cstdlib>
#include <curl/curl.h>
#include <thread>

namespace tramontane {
namespace {

constexpr std::size_t reply_max = 16 << 20;
constexpr int attempts = 4;
constexpr auto first_pause = std::chrono::milliseconds(200);  // doubled each time

struct Reply {
  std::string body;
  std::string failure;   // not empty: no reply, and why
  bool may_try = false;  // another attempt may do better
};

std::size_t keep(char* bytes, std::size_t size, std::size_t count, void* into) {
  auto& body = *static_cast<std::string*>(into);
  if (body.size() + size * count > reply_max) return 0;
  body.append(bytes, size * count);
  return size * count;
}

// One connection, kept open between requests. One thread at a time.
class HttpClient {
 public:
  HttpClient() : curl_(curl_easy_init()), headers_(nullptr) {
    TRAM_CHECK(curl_ != nullptr, "curl does not start");
    headers_ = curl_slist_append(headers_, "Content-Type: application/json");
    if (const char* token = std::getenv("TRAM_HTTP_TOKEN"))
      headers_ = curl_slist_append(headers_, str("Authorization: Bearer ", token).c_str());
  }

  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  ~HttpClient() {
    curl_slist_free_all(headers_);
    curl_easy_cleanup(curl_);
  }

  Reply post(const std::string& url, const std::string& body, std::chrono::milliseconds deadline) {
    Reply reply;
    curl_easy_reset(curl_);
    curl_easy_setopt(curl_, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers_);
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, body.c_str());
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(curl_, CURLOPT_TIMEOUT_MS, static_cast<long>(deadline.count()));
    curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl_, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(curl_, CURLOPT_WRITEDATA, &reply.body);
    CURLcode code = curl_easy_perform(curl_);
    long status = 0;
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK) {
      reply.failure = str(url, ": ", curl_easy_strerror(code));
      reply.may_try = code != CURLE_WRITE_ERROR;
    } else if (status < 200 || status >= 300) {
      reply.failure = str(url, ": status ", status, ": ", reply.body.substr(0, 200));
      reply.may_try = status == 429 || status >= 500;
    }
    return reply;
  }

 private:
  CURL* curl_;
  curl_slist* headers_;
};

class HttpReward final : public Reward {
 public:
  explicit HttpReward(const RewardSpec& spec)
      : options_(spec.of<HttpOptions>()),
        batch_(spec.batch),
        deadline_(static_cast<std::int64_t>(
            1000 * (spec.deadline > 0 ? spec.deadline : default_http_seconds))) {}

  std::vector<RewardResult> judge(std::span<const Completion> completions) override {
    std::vector<RewardResult> results;
    bool one_by_one = !options_.prompt_template.empty();
    std::size_t many = one_by_one ? 1 : batch_;
    while (!completions.empty()) {
      auto part = completions.first(std::min(many, completions.size()));
      completions = completions.subspan(part.size());
      std::string request = one_by_one
                                ? judge_request(options_.model, options_.prompt_template, part[0])
                                : grading_request(part);
      Reply reply = post(request);
      std::vector<RewardResult> judged;
      if (!reply.failure.empty())
        judged = without_verdict(part.size(), reply.failure);
      else if (one_by_one)
        judged.push_back(read_judge(reply.body));
      else
        judged = read_grading(reply.body, part);
      results.insert(results.end(), std::make_move_iterator(judged.begin()),
          std::make_move_iterator(judged.end()));
    }
    return results;
  }

 private:
  // Again, with the same ids, while time is left and it may help.
  Reply post(const std::string& request) {
    auto end = std::chrono::steady_clock::now() + deadline_;
    auto pause = std::chrono::milliseconds(first_pause);
    Reply reply;
    for (int attempt = 0; attempt < attempts; ++attempt) {
      auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          end - std::chrono::steady_clock::now());
      if (left.count() <= 0) break;
      reply = client_.post(options_.url, request, left);
      if (reply.failure.empty() || !reply.may_try) return reply;
      if (end - std::chrono::steady_clock::now() <= pause) break;
      std::this_thread::sleep_for(pause);
      pause *= 2;
    }
    return reply;
  }

  HttpOptions options_;
  std::size_t batch_;
  std::chrono::milliseconds deadline_;
  HttpClient client_;
};

}  // namespace

std::unique_ptr<Reward> make_http_reward(const RewardSpec& spec, const RewardOptions&) {
  std::string url = spec.of<HttpOptions>().url;
  if (!url.starts_with("http://") && !url.starts_with("https://"))
    throw Error(Errc::bad_input,
        "an http reward needs a url that begins with http:// or https://, found '" + url + "'");
  return std::make_unique<HttpReward>(spec);
}

}  // namespace tramontane
