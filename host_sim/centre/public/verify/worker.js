// Keeps the page for when there is no network. With a network the newest page is taken, because keys are added to it.
"use strict";
const KEPT = "kofuki-verify", PAGE = new URL("verify", self.location).href;

async function fetched() {
  const answer = await fetch(PAGE, { cache: "no-cache", credentials: "omit" });
  if (answer.ok) await (await caches.open(KEPT)).put(PAGE, answer.clone());
  return answer;
}

async function page() {
  try {
    return await fetched();
  } catch {
    return (await caches.match(PAGE)) ?? Response.error();
  }
}

self.addEventListener("install", (event) => event.waitUntil(fetched().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const asked = new URL(event.request.url);
  if (event.request.mode === "navigate" && asked.origin + asked.pathname === PAGE) event.respondWith(page());
});
