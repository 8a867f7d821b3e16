"use strict";
(() => {
	const table = document.getElementById("heat");
	const headers = Array.from(table.tHead.rows[0].cells);
	const body = table.tBodies[0];
	const byName = Array.from(body.rows).sort((a, b) => a.dataset.n - b.dataset.n);

	// Counts are compared as digits: they may be larger than the integers that a number holds exactly.
	const digits = (row, column) => row.cells[column].textContent.replace(/[^0-9]/g, "");
	const compare = (a, b) => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);

	function sorted(column, descending) {
		if (column === 0) {
			return descending ? byName.toReversed() : byName;
		}
		const sign = descending ? -1 : 1;
		return byName
			.map((row) => ({ row, key: digits(row, column) }))
			.sort((a, b) => sign * compare(a.key, b.key))
			.map((entry) => entry.row);
	}

	// Names begin in ascending order, counts with the largest.
	function sortBy(header, column) {
		const before = header.getAttribute("aria-sort");
		const descending = before ? before === "ascending" : column > 0;
		for (const other of headers) {
			other.removeAttribute("aria-sort");
		}
		header.setAttribute("aria-sort", descending ? "descending" : "ascending");
		body.replaceChildren(...sorted(column, descending));
	}

	headers.forEach((header, column) => {
		const button = document.createElement("button");
		button.type = "button";
		button.append(...header.childNodes);
		button.addEventListener("click", () => sortBy(header, column));
		header.append(button);
	});

	const label = document.getElementById("find");
	const input = label.querySelector("input");
	const found = document.getElementById("found");
	const names = byName.map((row) => row.cells[0].textContent.toLowerCase());

	function find() {
		const wanted = input.value.toLowerCase();
		let matches = 0;
		byName.forEach((row, i) => {
			row.hidden = !names[i].includes(wanted);
			matches += row.hidden ? 0 : 1;
		});
		const number = (n) => n.toLocaleString("en");
		found.textContent = wanted === "" ? "" : `${number(matches)} of ${number(names.length)}`;
	}

	label.hidden = false;
	input.addEventListener("input", find);
	find(); // a browser may have kept what was typed before a reload
})();
