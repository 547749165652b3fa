using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Acornima;
using Acornima.Ast;
using Microsoft.Build.Framework;

/// <summary>
/// Joins ES modules into one, without comments and indentation, and with short names for private members. MSBuild compiles this file when it
/// needs it. Everything else stays as it is written, line by line, so that the position of an error is easy to find.
/// </summary>
public sealed class BundleScript : Microsoft.Build.Utilities.Task
{
    /// <summary>The modules, in the order in which they run. Only the last one exports something from the bundle.</summary>
    [Required]
    public ITaskItem[] Modules { get; set; }

    /// <summary>The first line of the bundle.</summary>
    [Required]
    public string Banner { get; set; }

    [Required]
    public string Output { get; set; }

    public override bool Execute()
    {
        var paths = Modules.Select(module => module.GetMetadata("FullPath")).ToList();
        var path = Output;
        try
        {
            var scripts = new List<Script>();
            foreach (var module in paths)
                scripts.Add(new Script(File.ReadAllText(path = module), module == paths[paths.Count - 1]));

            var names = ShortNames(scripts.SelectMany(script => script.Tokens));
            var bundle = Banner + "\n" + string.Concat(scripts.Select(script => script.Write(names)));
            new Parser().ParseModule(bundle, path = Output); // Fails if two modules declare the same name.
            File.WriteAllText(Output, bundle);
        }
        catch (ParseErrorException e)
        {
            Log.LogError(null, null, null, path, e.LineNumber, e.Column + 1, 0, 0, e.Message);
        }

        return !Log.HasLoggedErrors;
    }

    /// <summary>Gives the shortest names to the most frequent private members. Nothing else can refer to them.</summary>
    private static Dictionary<string, string> ShortNames(IEnumerable<string> tokens) =>
        tokens.Where(token => token[0] == '#').GroupBy(token => token)
            .OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal)
            .Select((group, index) => (group.Key, Name: index < 26 ? $"#{(char)('a' + index)}" : $"#{(char)('a' + index % 26)}{index / 26}"))
            .ToDictionary(name => name.Key, name => name.Name);

    private sealed class Script
    {
        private readonly string _source;
        private readonly List<(int Start, int End)> _tokens = new List<(int, int)>();

        public Script(string source, bool exports)
        {
            _source = source.Replace("\r", "");
            var parser = new Parser(new ParserOptions { OnToken = (in Token token) => _tokens.Add((token.Start, token.End)) });
            foreach (var statement in parser.ParseModule(_source).Body)
            {
                if (statement is ImportDeclaration)
                    _tokens.RemoveAll(token => token.Start >= statement.Start && token.End <= statement.End);
                else if (statement is ExportNamedDeclaration { Declaration: { } declaration } && !exports)
                    _tokens.RemoveAll(token => token.Start >= statement.Start && token.End <= declaration.Start);
            }

            _tokens.RemoveAll(token => token.Start == token.End); // the end of the file, and empty parts of templates
        }

        public IEnumerable<string> Tokens => _tokens.Select(token => _source.Substring(token.Start, token.End - token.Start));

        public string Write(Dictionary<string, string> names)
        {
            var written = new StringBuilder();
            var end = 0;
            foreach (var ((start, next), token) in _tokens.Zip(Tokens, (place, token) => (place, token)))
            {
                if (written.Length > 0 && start > end)
                    written.Append(Separator(_source[end - 1], _source.Substring(end, start - end), token[0]));
                written.Append(names.TryGetValue(token, out var name) ? name : token);
                end = next;
            }

            return written.Append('\n').ToString();
        }

        /// <summary>Keeps line ends, at which JavaScript can insert a semicolon, and spaces without which two tokens would become one.</summary>
        private static string Separator(char before, string between, char after)
        {
            if (between.Contains('\n'))
                return "\n";
            var isOneWord = IsWord(before) && (IsWord(after) || after == '.');
            var isOneOperator = before == after && "+-/<>&|*?=".Contains(after) || before == '/' || after == '/';
            return isOneWord || isOneOperator ? " " : "";
        }

        private static bool IsWord(char value) => char.IsLetterOrDigit(value) || value == '_' || value == '$' || value == '#' || value > 127;
    }
}
