// fetchText gets a part of the page. Whatever goes wrong is in what it returns: status
// 0 is no answer.
export async function fetchText(address, options) {
	try {
		const answer = await fetch(address, options);
		return { ok: answer.ok, status: answer.status, text: await answer.text() };
	} catch {
		return { ok: false, status: 0, text: "" };
	}
}
