/** Theme of a group of invented posts. */
export interface Theme {
  readonly subreddit: string;
  readonly profession: string;
  readonly category: string;
  readonly apps: readonly string[];
  /** Completes "I spend too much time …". */
  readonly chore: string;
  readonly pains: readonly string[];
  readonly functions: readonly string[];
  readonly value: string;
  readonly rival: string;
}

function list(text: string): string[] {
  return text.split(';').map((item) => item.trim());
}

/** One line each, for readability: fields are separated by |, lists by ;. */
function theme(line: string): Theme {
  const [subreddit = '', profession = '', category = '', apps = '', chore = '', pains = '', functions = '', ...rest] =
    line.split('|').map((part) => part.trim());
  const [value = '', rival = ''] = rest;
  return {
    subreddit,
    profession,
    category,
    apps: list(apps),
    chore,
    pains: list(pains),
    functions: list(functions),
    value,
    rival,
  };
}

export const THEMES: readonly Theme[] = [
  `freelance | illustrator | Finance | Nudgebook; Paid & Polite | chasing invoices that are 30 days late | clients "forget" to pay until the third reminder; bank transfers carry no invoice number; late fees feel rude to ask for | Watch the bank feed for payments; Send reminders in the client's own language; Draft a late-fee letter | Get paid without being the one who nags | a spreadsheet with red cells`,
  `smallbusiness | bakery owner | Operations | Crumbline; Batchwise | guessing how many loaves to bake for Saturday | rain halves the walk-ins and nobody plans for it; leftovers go to waste by 3 pm; the wholesale order changes by text at midnight | Forecast by weather and weekday; Take wholesale orders in one place; Suggest what to discount after lunch | Bake what will sell, throw away less | a whiteboard and a gut feeling`,
  `landlords | landlord of three flats | Property | Meterly; Keyring Notes | splitting the utility bills between tenants | meter photos arrive blurred; one tenant moves out mid-month; every year the table breaks | Read meters from a photo; Split by days and persons; Write the yearly statement | A utility bill nobody argues about | a 14-tab workbook`,
  `homeschool | parent | Education | Lantern Plan; Kitchen Table School | planning lessons for children of different ages | the plan dies on the first sick day; county reports want hours by subject; siblings finish at different speeds | Move the plan when a day is lost; Count hours by subject; Print the report the county wants | One plan that bends and does not break | three paper planners`,
  `woodworking | cabinet maker | Tools | Kerfwise; Offcut | working out how to cut panels with little waste | grain direction is ignored by every optimizer; offcuts are forgotten in a corner; blade width ruins the sums | Respect grain and kerf; Remember the offcuts on the rack; Print labels for every part | Less plywood in the bin | squared paper and a pencil ✏️`,
  `gardening | allotment gardener | Lifestyle | Frostwatch; Bedfellow | remembering what grew where last year | frost warnings come for the city, not the valley; crop rotation needs three years of memory; seeds get sown twice | Map beds by year; Warn of frost by height and slope; Keep the seed box in a list | The memory your garden does not have 🌱 | a shoebox of seed packets`,
  `nursing | ward nurse | Health | Handover; Second Shift | writing the same handover notes twice | the shift swap group chat has 200 messages a day; allergies stand on page four; the printer is always broken | Dictate a handover in two minutes; Swap shifts with a second pair of eyes; Keep allergies on top | Leave the ward on time, with nothing forgotten | sticky notes on the monitor`,
  `podcasting | podcaster | Media | Show Notes Elf; Cutroom | writing show notes after every episode | timestamps shift after the final edit; guests want their clips the same day; transcripts get every name wrong | Follow the edit and move timestamps; Cut clips by topic; Learn the names of guests once | Publish on the day you record | an intern, in my dreams 😅`,
  `dogs | dog walker | Services | Leashlist; Good Boy Rounds | planning the round when two owners cancel | keys of nine flats on one ring; every owner wants a photo; the elder dog may not walk with the puppies | Replan the round by who gets along; Send one photo to the right owner; Log keys and codes safely | More walks, fewer messages | a group chat and memory`,
  `accounting | bookkeeper | Finance | Ledgerline; Quiet Quarter | asking clients for receipts that are missing | clients send photos of thermal paper; the same receipt comes three times; "personal or business?" is asked by phone | Ask for the missing receipt by name; Spot the same receipt twice; Collect answers with one tap | A quarter that closes on the fifteenth | polite e-mails, then less polite ones`,
  `bicycling | bike mechanic | Services | Spokesman; Workstand | telling customers when their bike is ready | parts arrive in the wrong size; estimates are shouted across the shop; tickets are lost in greasy pockets | Text the customer when the part is in; Build an estimate from a photo; Keep the ticket on the frame, as a code | The shop phone stops ringing | carbon-copy tickets`,
  `sysadmin | administrator in a school | Operations | Tickets for One; Patchday | being the help desk, the network and the printer at once | requests come in the corridor; nobody knows when a licence ends; passwords are on the back of keyboards | Turn a hallway request into a ticket; Warn before licences end; Show teachers what is broken right now | Fewer "quick questions" | a notebook that is full`,
  `weddingplanning | wedding planner | Events | Seatwise; Plan B Day | seating 140 guests who may not all sit together | replies trickle in by post, mail and aunt; allergies change in the last week; the venue turns the room by 90° | Seat by who gets along; Collect replies from anywhere; Hand the kitchen one clean list | A seating plan that survives the last week 💍 | paper circles on the floor`,
  `3Dprinting | maker with a print farm | Tools | Layercake; Spool Count | knowing which printer will run out of filament | a print fails at hour 19; quotes by e-mail take longer than the print; nobody labels spools | Weigh spools and warn in time; Quote from a model file; Queue jobs by colour | The farm that runs through the night | a camera and bad sleep`,
  `teachers | chemistry teacher | Education | Margin Notes; Rubric | giving feedback on 90 lab reports | the same three mistakes, ninety times; rubrics drift between Monday and Friday; comments are not read | Suggest comments from earlier ones; Keep the rubric steady; Show pupils what changed since last time | Feedback in half the evenings | red pens, many`,
  `indiegames | solo developer | Software | Wishlister; Patch Letter | finding out why players leave after the first level | reviews say "meh" and nothing else; translations go stale with every patch; the mailing list is in four places | Group reviews by what they are about; Flag stale translations; Write patch notes from commits | Hear what players mean, not only what they rate | reading 400 reviews by hand`,
].map(theme);

export const OPENERS = [
  'Long-time lurker, first post.',
  'Not sure if this is the right place, but here goes.',
  'Am I the only one who still does this by hand?',
  'Throwing this out there before I build something silly:',
  'Rant incoming 😤',
  'Honest question from someone who has tried everything:',
];

export const CLOSERS = [
  "I'd happily pay for something that just works.",
  'How do you all deal with this? What did you try?',
  "Edit: wow, didn't expect this many replies. Thank you! 🙏",
  'If nothing exists I will end up writing a script, and nobody wants that.',
  'TL;DR: it eats an evening a week.',
  'Bonus points when it runs on an old Android phone 📱',
];

export const TITLES = [
  'How do you cut down on {chore}?',
  'I lose hours a week {chore}',
  'Is there an app for {chore}? All I have is {rival}',
  '"There must be a better way" – {chore}',
  'What do you use instead of {rival}?',
  'PSA: {chore} should not be this hard in 2024',
];
