// The panel's words, Japanese first. The texts of the machine's screen are in firmware/screens/texts.

export const KEYS = [
  ["1", "1"], ["2", "2"], ["3", "3"], ["cancel", "取消", "Cancel"],
  ["4", "4"], ["5", "5"], ["6", "6"], ["clear", "訂正・戻る", "Clear / back"],
  ["7", "7"], ["8", "8"], ["9", "9"], ["language", "ことば", "Language"],
  ["previous", "▲", "Previous"], ["0", "0"], ["next", "▼", "Next"], ["enter", "確認", "Confirm"],
];

// The computer's keyboard: KeyboardEvent.key -> key of the machine.
export const KEYBOARD = {
  Enter: "enter", Backspace: "clear", Delete: "clear", Escape: "cancel",
  ArrowUp: "previous", PageUp: "previous", ArrowDown: "next", PageDown: "next", l: "language", L: "language",
};

// Of the devices that stand in: kind of the device file -> name.
export const DEVICE_KINDS = {
  acceptor: "硬貨選別機", pulse_acceptor: "パルス式硬貨選別機", hopper: "ホッパー", printer: "証明書プリンター",
  receipt_printer: "レシートプリンター", reader: "カードリーダー", keypad: "テンキー",
};

export const CARD_KINDS = {
  individual_number: ["個人番号カード", 336],
  resident_register: ["住民基本台帳カード", 205],
  citizen: ["宮崎市民カード", 140],
  unknown: ["ほかのカード", 40],
};

export const CARD_TROUBLES = {
  one_try_left: ["残り1回", "one try left"],
  pin_blocked: ["ロック済み", "PIN blocked"],
  certificate_expired: ["証明書期限切れ", "certificate expired"],
  certificate_revoked: ["証明書失効", "revoked"],
  certificate_foreign: ["知らない認証局", "foreign CA"],
  moved_out: ["転出届済み", "moved out"],
  ask_at_counter: ["窓口へ", "ask at the counter"],
  under_age: ["15歳未満", "under 15"],
  card_expired: ["カード期限切れ", "card expired"],
  card_reported_lost: ["紛失届", "reported lost"],
  key_not_supported: ["次世代の鍵", "next-generation key"],
  no_pin: ["暗証番号なし", "no PIN"],
  unknown_label: ["未知の種類", "unknown kind"],
  phone: ["スマホ", "telephone"],
  not_our_card: ["対象外", "not ours"],
  unreadable: ["読めない", "unreadable"],
};

const SWITCHES = {
  paper_out: ["用紙切れ", "Paper out"],
  receipt_paper_out: ["領収紙切れ", "Receipt paper out"],
  cover_open: ["カバー開き", "Cover open"],
  printer_silent: ["プリンタ無応答", "Printer silent"],
  speaker_gone: ["スピーカー外れ", "Loudspeaker gone"],
  line_down: ["回線断", "Line down"],
  line_silent: ["回線無応答", "Line silent"],
  hopper_empty: ["つり銭切れ", "Hoppers empty"],
  coin_jam: ["硬貨づまり", "Coin jam"],
  door_open: ["扉を開ける", "Case open"],
  board_unplugged: ["基板を抜く", "Board unplugged"],
  board_restarted: ["基板の再起動", "Board restarted"],
  board_rows_1_2: ["行1と2の線が逆", "Rows 1 ↔ 2"],
  board_rows_3_4: ["行3と4の線が逆", "Rows 3 ↔ 4"],
  board_row_4_column_1: ["行4と列1の線が逆", "Row 4 ↔ column 1"],
  board_columns_1_2: ["列1と2の線が逆", "Columns 1 ↔ 2"],
  board_columns_3_4: ["列3と4の線が逆", "Columns 3 ↔ 4"],
  board_coin_inhibit: ["硬貨と禁止が逆", "Coin ↔ inhibit"],
  board_supply_door: ["12Vと扉が逆", "12 V ↔ door"],
  board_slot_lamp_paper_lamp: ["2つの灯が逆", "Lamp ↔ lamp"],
  board_paper_lamp_buzzer: ["灯とブザーが逆", "Lamp ↔ buzzer"],
  board_buzzer_service: ["ブザーと保守接点が逆", "Buzzer ↔ service"],
};

const WIRES = {
  coin: ["硬貨", "Coin"],
  inhibit: ["禁止", "Inhibit"],
  supply: ["12V", "12 V"],
  door: ["扉", "Door"],
  slot_lamp: ["投入口の灯", "Slot lamp"],
  paper_lamp: ["取出口の灯", "Paper lamp"],
  buzzer: ["ブザー", "Buzzer"],
  service: ["保守接点", "Service"],
  ground: ["GND", "Ground"],
  row_1: ["行1", "Row 1"],
  row_2: ["行2", "Row 2"],
  row_3: ["行3", "Row 3"],
  row_4: ["行4", "Row 4"],
  column_1: ["列1", "Column 1"],
  column_2: ["列2", "Column 2"],
  column_3: ["列3", "Column 3"],
  column_4: ["列4", "Column 4"],
};

/** What a switch does; of a broken wire of the I/O board put together from the names of the wires. */
export function ofSwitch(name) {
  const [, wire, other] = /^board_(.+?)_(?:cut|touches_(.+))$/.exec(name) ?? [];
  if (SWITCHES[name] || !WIRES[wire]) return SWITCHES[name] ?? [name, ""];
  const [ja, en] = WIRES[wire];
  if (!other) return [`${ja}の断線`, `${en} cut`];
  const [otherJa, otherEn] = WIRES[other] ?? [other, other];
  return [`${ja}と${otherJa}が接触`, `${en} touches ${otherEn}`];
}

export const LAMP = {
  in_service: ["取扱中", "In service"],
  suspended: ["休止中", "Suspended"],
  halted: ["停止中", "Halted"],
  maintenance: ["保守中", "Maintenance"],
  starting: ["準備中", "Starting"],
  off: ["停止", "Off"],
};

export const PAPER = { certificate: ["証明書", "Certificate"], receipt: ["領収書", "Receipt"] };

export const PRESETS = [
  ["now", "現在", "Now"], ["22:55", "22:55", "Near closing"], ["12-31", "12/31", "Year end"], ["sunday", "日曜", "Sunday"],
];

export const WEEKDAYS = ["日", "月", "火", "水", "木", "金", "土"];

const escaped = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
export const safe = (text) => String(text).replace(/[&<>"]/g, (c) => escaped[c]);
export const both = ([ja, en]) => `${safe(ja)} <span lang="en">${safe(en)}</span>`;
