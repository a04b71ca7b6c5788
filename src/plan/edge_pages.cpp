#include "plan/edge_pages.h"

#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <string>
#include <string_view>

namespace croft {
namespace {

namespace json = boost::json;

// Caddy replaces it; the only thing in a page that is not fixed text. Nothing of the request is
// echoed: a Host header is the sender's text.
constexpr std::string_view kRequestId = "{http.request.uuid}";

struct Page {
  int status;  // 0: whatever it is, and the page has no status of its own
  std::string_view title;
  std::string_view detail;
};

// clang-format off
constexpr Page kPages[] = {
    {404, "No service has this name",
     "This server runs croft, a platform for web services. It answers for many names, and this is "
     "none of them. Check the address; if the service is yours, see that it speaks HTTP on a port "
     "and that its public name is switched on (croft open SERVICE)."},
    {502, "The service did not answer properly",
     "The service closed the connection before it had answered. Its log may say why "
     "(croft logs SERVICE)."},
    {503, "The service is not ready",
     "No instance of this service is ready to answer. It may be starting: try again in a few "
     "seconds. If it is yours, see its state (croft ps)."},
    {504, "The service took too long",
     "The service did not answer in time. Try again; its log may say why (croft logs SERVICE)."},
};
// clang-format on
constexpr Page kOther{0, "The request could not be served",
                      "The platform could not hand this request to the service."};

// Styles sit in attributes because a style sheet has braces, and Caddy would look at those.
std::string html_page(const Page& page) {
  return fmt::format(
      R"(<!doctype html><html lang="en"><head><meta charset="utf-8">)"
      R"(<meta name="viewport" content="width=device-width, initial-scale=1">)"
      R"(<meta name="color-scheme" content="light dark"><title>{0}</title></head>)"
      R"(<body style="font: 1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto; )"
      R"(padding: 0 1rem"><h1 style="font-size: 1.5rem">{0}</h1><p>{1}</p>)"
      R"(<p style="opacity: .7">Request <code>{2}</code></p></body></html>)"
      "\n",
      page.title, page.detail, kRequestId);
}

std::string problem_json(const Page& page) {
  json::object problem{{"title", page.title}, {"detail", page.detail}};
  if (page.status != 0) problem["status"] = page.status;
  problem["requestId"] = kRequestId;
  return json::serialize(problem) + "\n";
}

json::object answer(const Page& page, std::string_view type, std::string body) {
  json::object headers{{"Content-Type", json::array{type}},
                       {"Cache-Control", json::array{"no-store"}},
                       {"X-Request-Id", json::array{kRequestId}}};
  if (page.status == 503) headers["Retry-After"] = json::array{"5"};
  return {
      {"handler", "static_response"},
      {"status_code", page.status != 0 ? std::to_string(page.status) : "{http.error.status_code}"},
      {"headers", std::move(headers)},
      {"body", std::move(body)}};
}

void add_page(json::array& routes, const Page& page) {
  json::object match;
  if (page.status != 0) {
    match["vars"] =
        json::object{{"{http.error.status_code}", json::array{std::to_string(page.status)}}};
  }
  json::object browser = match;
  browser["header"] = json::object{{"Accept", json::array{"*text/html*"}}};
  routes.push_back(json::object{
      {"match", json::array{std::move(browser)}},
      {"handle", json::array{answer(page, "text/html; charset=utf-8", html_page(page))}},
      {"terminal", true}});
  json::object other{
      {"handle", json::array{answer(page, "application/problem+json", problem_json(page))}},
      {"terminal", true}};
  if (!match.empty()) other["match"] = json::array{std::move(match)};
  routes.push_back(std::move(other));
}

}  // namespace

json::array edge_error_routes() {
  json::array routes;
  for (const Page& page : kPages) add_page(routes, page);
  add_page(routes, kOther);
  return routes;
}

}  // namespace croft
