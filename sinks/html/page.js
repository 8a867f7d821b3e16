"use strict";
(() => {
	// Counts are compared as digits: they may be larger than the integers that a number holds exactly.
	const digits = (row, column) => row.cells[column].textContent.replace(/[^0-9]/g, "");
	const compare = (a, b) => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);

	const rowsByName = (table) => Array.from(table.tBodies[0].rows).sort((a, b) => a.dataset.n - b.dataset.n);

	// sortable adds buttons to the headers of a table. A share is sorted as its rows, in the column after the name.
	function sortable(table) {
		const headers = Array.from(table.tHead.rows[0].cells).filter((cell) => cell.tagName === "TH");
		const byName = rowsByName(table);

		function sorted(column, descending) {
			if (column === 0) {
				return descending ? byName.toReversed() : byName;
			}
			const sign = descending ? -1 : 1;
			const from = table.id === "bars" && column === headers.length - 1 ? 1 : column;
			return byName
				.map((row) => ({ row, key: digits(row, from) }))
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
			table.tBodies[0].replaceChildren(...sorted(column, descending));
		}

		headers.forEach((header, column) => {
			const button = document.createElement("button");
			button.type = "button";
			button.append(...header.childNodes);
			button.addEventListener("click", () => sortBy(header, column));
			header.append(button);
		});
	}

	// searchable connects the search field with the names of a table.
	function searchable(table, label) {
		const input = label.querySelector("input");
		const found = document.getElementById("found");
		const rows = rowsByName(table);
		const names = rows.map((row) => row.cells[0].textContent.toLowerCase());

		function find() {
			const wanted = input.value.toLowerCase();
			let matches = 0;
			rows.forEach((row, i) => {
				row.hidden = !names[i].includes(wanted);
				matches += row.hidden ? 0 : 1;
			});
			const number = (n) => n.toLocaleString("en");
			found.textContent = wanted === "" ? "" : `${number(matches)} of ${number(names.length)}`;
		}

		label.hidden = false;
		input.addEventListener("input", find);
		find(); // a browser may have kept what was typed before a reload
	}

	// unquoted returns the value that a cell shows, which is escaped as in Go source if it begins with a quote.
	const letters = { a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };
	const unescaped = (_, e) => (/^[xuU]./.test(e) ? String.fromCodePoint(parseInt(e.slice(1), 16)) : letters[e] ?? e);
	const unquoted = (shown) =>
		shown.startsWith('"') ? shown.slice(1, -1).replace(/\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|.)/g, unescaped) : shown;

	// These are the rules of the option --csv-safe of the program, and of RFC 4180.
	const formula = /^(?:'|\p{Cc}|[\p{White_Space}\p{C}\p{Default_Ignorable_Code_Point}\p{Variation_Selector}]*[=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\uff0b\u2212])/u;
	const special = /[,;"\r\n]|^[\p{White_Space}\ufeff]|^\\\.$/u;

	function csv(table, columns, safe) {
		const cell = (value) => {
			const text = safe && formula.test(value) ? `'${value}` : value;
			return special.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
		};
		const lines = [[...columns, "count"]];
		const heads = Array.from(table.tHead.rows[0].cells, (head) => unquoted(head.textContent));
		for (const row of rowsByName(table)) {
			const name = unquoted(row.cells[0].textContent);
			if (columns.length === 1) {
				lines.push([name, digits(row, 1)]);
				continue;
			}
			for (let i = 3; i < row.cells.length; i++) {
				const count = digits(row, i);
				if (count !== "") {
					lines.push([name, heads[i], count]);
				}
			}
		}
		return lines.map((line) => line.map(cell).join(",") + "\n").join("");
	}

	// downloadable makes a link that saves the numbers of a table.
	function downloadable(table, link) {
		let url;
		link.hidden = false;
		link.addEventListener("click", () => {
			URL.revokeObjectURL(url);
			const text = csv(table, JSON.parse(link.dataset.columns), "safe" in link.dataset);
			link.href = url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
		});
	}

	const bars = document.getElementById("bars"), heat = document.getElementById("heat");
	for (const table of [bars, heat]) {
		if (table) {
			sortable(table);
		}
	}
	searchable(heat ?? bars, document.getElementById("find"));
	downloadable(heat ?? bars, document.getElementById("csv"));
})();
