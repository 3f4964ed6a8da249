// regex_full_match, by RE2, which takes time linear in the text whatever the pattern.
#include "backends/ref/ref.hpp"
#include "backends/ref/registry.hpp"
#include "base/check.hpp"
#include "ops/strings.hpp"

#include <tenon/error.hpp>

#if TENON_WITH_RE2
#include <re2/re2.h>
#endif

namespace tenon {
namespace ref {
namespace {

#if TENON_WITH_RE2
void run_regex_full_match(const Op& op, const Call& call) {
  const auto& fields = *op.as<op::RegexFullMatch>();
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_max_mem(std::int64_t{8} << 20);
  const re2::RE2 regex(fields.pattern, options);
  TENON_REQUIRE(regex.ok(), "regex_full_match: the pattern is not valid: {}", regex.error());
  const auto texts = call.in(0).values<std::string>();
  const auto matches = call.out().mutable_values<bool>();
  for (std::size_t i = 0; i < texts.size(); ++i) matches[i] = re2::RE2::FullMatch(texts[i], regex);
}
#else
void run_regex_full_match(const Op&, const Call&) {
  throw ModelError("regex_full_match: this build of Tenon has no RE2");
}
#endif

}  // namespace
}  // namespace ref

void register_ref_regex(ref::Registry& registry) {
  registry.add("regex_full_match", ref::run_regex_full_match);
}

}  // namespace tenon
