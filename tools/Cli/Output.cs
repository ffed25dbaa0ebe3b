using Spectre.Console;

namespace Cli;

/// <summary>What commands print: coloured tables on a terminal, plain lines where the output goes elsewhere.</summary>
internal static class Output
{
    /// <summary>Prints a table.</summary>
    /// <param name="columns">The heads of its columns.</param>
    /// <param name="rows">Its rows, a text for each column.</param>
    public static void Table(string[] columns, IEnumerable<string[]> rows)
    {
        string[][] all = [.. rows];
        if (!Console.IsOutputRedirected)
        {
            Table table = new Table().Border(TableBorder.Rounded).AddColumns([.. columns.Select(c => new TableColumn(Markup.Escape(c)))]);
            foreach (string[] row in all)
            {
                table.AddRow([.. row.Select(Markup.Escape)]);
            }

            AnsiConsole.Write(table);
            return;
        }

        int[] widths = [.. columns.Select((c, i) => all.Select(r => r[i].Length).Append(c.Length).Max())];
        foreach (string[] row in all.Prepend(columns))
        {
            Console.WriteLine(string.Join("  ", row.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd());
        }
    }
}
