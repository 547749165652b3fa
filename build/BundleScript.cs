using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Acornima;
using Acornima.Ast;
using Microsoft.Build.Framework;

/// <summary>
/// Joins ES modules into one, without comments, white space and fields that only describe a class, and with short names for private members and
/// for all that is declared in the modules. MSBuild compiles this file when it needs it.
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
            var joined = new StringBuilder();
            foreach (var module in paths)
                joined.Append(WithoutImports(File.ReadAllText(path = module).Replace("\r", ""), module == paths[paths.Count - 1]));
            path = Output;
            var bundle = Shorten(joined.ToString());
            if (!Shape(bundle).SequenceEqual(Shape(joined.ToString())))
                throw new InvalidOperationException("The bundle means something else than its modules.");
            File.WriteAllText(Output, Banner + "\n" + bundle);
        }
        catch (ParseErrorException e)
        {
            // At the bundle if two modules declare the same name.
            Log.LogError(null, null, null, path, e.LineNumber, e.Column + 1, 0, 0, e.Message);
        }

        return !Log.HasLoggedErrors;
    }

    private static string WithoutImports(string source, bool exports)
    {
        var written = new StringBuilder();
        var end = 0;
        foreach (var statement in new Parser().ParseModule(source).Body)
        {
            var isDropped = statement is ImportDeclaration;
            var start = statement is ExportNamedDeclaration { Declaration: { } declaration } && !exports ? declaration.Start : statement.Start;
            if (!isDropped)
                written.Append(source, end, statement.Start - end).Append(source, start, statement.End - start);
            end = statement.End;
        }

        return written.Append('\n').ToString();
    }

    private static string Shorten(string source)
    {
        var tokens = new List<(int Start, int End)>();
        var module = new Parser(new ParserOptions { OnToken = (in Token token) => tokens.Add((token.Start, token.End)) }).ParseModule(source);
        tokens.RemoveAll(token => token.Start == token.End); // the end of the file, and empty parts of templates
        var texts = tokens.Select(token => source.Substring(token.Start, token.End - token.Start)).ToList();
        var names = new Names(module).Shorten();
        foreach (var @class in module.DescendantNodes().OfType<ClassBody>())
            ShortenMembers(@class, names);
        foreach (var declaration in module.DescendantNodes().OfType<VariableDeclaration>())
            names[declaration.Start] = "let"; // in place of const

        var fields = module.DescendantNodes().Where(IsOnlyDescription).ToList();
        var written = new StringBuilder();
        var end = 0;
        for (var i = 0; i < tokens.Count; i++)
        {
            var start = tokens[i].Start;
            var isLast = texts[i] == ";" && i + 1 < tokens.Count && texts[i + 1] == "}";
            if (isLast || fields.Exists(field => field.Start <= start && start < field.End))
                continue;
            var text = names.TryGetValue(start, out var name) ? name : texts[i];
            if (i > 0 && start > end)
                written.Append(Separator(texts[i - 1], source.Substring(end, start - end), texts[i]));
            written.Append(text);
            end = tokens[i].End;
        }

        return written.Append('\n').ToString();
    }

    /// <summary>Gives the shortest names to the most frequent private members of a class. Nothing else can refer to them.</summary>
    private static void ShortenMembers(ClassBody body, Dictionary<int, string> names)
    {
        var members = body.DescendantNodes().OfType<PrivateIdentifier>().GroupBy(member => member.Name)
            .OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal);
        var index = 0;
        foreach (var member in members)
        {
            var name = "#" + ShortName(index++);
            foreach (var reference in member)
                names[reference.Start] = name;
        }
    }

    private static string ShortName(int index)
    {
        const string Letters = "etnsiraoclduhmpfgvbyxwkjqz";
        return index < 26 ? Letters[index].ToString() : ShortName(index / 26 - 1) + Letters[index % 26];
    }

    /// <summary>
    /// Keeps the lines of members and functions, so that an error has a line, and spaces without which two tokens would become one. The modules
    /// have all their semicolons.
    /// </summary>
    private static string Separator(string previous, string between, string next)
    {
        var before = previous[previous.Length - 1];
        var after = next[0];
        if (between.Contains('\n') && before == '}' && !"})],;.".Contains(after))
            return "\n";
        var isOneWord = IsWord(before) && IsWord(after) || char.IsDigit(before) && after == '.';
        var isOneOperator = before == after && "+-/<>&|*?=".Contains(after) || before == '/' || after == '/';
        return isOneWord || isOneOperator ? " " : "";
    }

    private static bool IsWord(char value) => char.IsLetterOrDigit(value) || value == '_' || value == '$' || value == '#' || value > 127;

    /// <summary>What a script consists of, apart from names. An abbreviated property has one, and otherwise two.</summary>
    private static IEnumerable<NodeType> Shape(string source) =>
        new Parser().ParseModule(source).DescendantNodesAndSelf().Where(node => !(node is Identifier || IsOnlyDescription(node)))
            .Select(node => node.Type);

    /// <summary>Whether a node declares a public field without a value, which is undefined without it.</summary>
    private static bool IsOnlyDescription(Node node) => node is PropertyDefinition { Value: null, Computed: false, Key: Identifier };

    /// <summary>Finds out to which declaration each name refers, and gives short names to those that are declared in the module.</summary>
    private sealed class Names
    {
        private readonly Dictionary<Node, Scope> _scopes = new Dictionary<Node, Scope>();
        private readonly HashSet<Node> _bodies = new HashSet<Node>(); // share the scope of the parameters
        private readonly HashSet<string> _globals = new HashSet<string>();
        private readonly Scope _module = new Scope(null);

        public Names(Node module)
        {
            Declare(module, _module);
            Resolve(module, _module);
        }

        /// <summary>What to write in place of the token at a position.</summary>
        public Dictionary<int, string> Shorten()
        {
            var written = new Dictionary<int, string>();
            _module.Shorten(_globals, written);
            return written;
        }

        private void Declare(Node node, Scope scope)
        {
            switch (node)
            {
                case VariableDeclaration { Kind: VariableDeclarationKind.Var }:
                    throw new InvalidOperationException("'var' declares a name in another scope than it seems. Use 'let' or 'const'.");
                case VariableDeclarator { Id: var pattern }:
                    DeclarePattern(pattern, scope);
                    break;
                case ExportNamedDeclaration { Declaration: IFunction { Id: { } exported } }:
                    _globals.Add(exported.Name);
                    break;
                case ExportNamedDeclaration { Declaration: ClassDeclaration { Id: { } exported } }:
                    _globals.Add(exported.Name);
                    break;
            }

            if (node is FunctionDeclaration { Id: { } function })
                scope.Declare(function.Name, _globals);
            else if (node is ClassDeclaration { Id: { } @class })
                scope.Declare(@class.Name, _globals);

            if (HasScope(node) && !_bodies.Contains(node))
                _scopes[node] = scope = new Scope(scope);
            if (node is IFunction { Params: var parameters })
            {
                foreach (var parameter in parameters)
                    DeclarePattern(parameter, scope);
                _bodies.Add(((IFunction)node).Body);
            }

            if (node is FunctionExpression { Id: { } own })
                scope.Declare(own.Name, _globals);
            else if (node is ClassExpression { Id: { } ownClass })
                scope.Declare(ownClass.Name, _globals);
            else if (node is CatchClause { Param: { } caught, Body: var body })
            {
                DeclarePattern(caught, scope);
                _bodies.Add(body);
            }

            foreach (var child in node.ChildNodes)
                Declare(child, scope);
        }

        private void DeclarePattern(Node pattern, Scope scope)
        {
            switch (pattern)
            {
                case Identifier { Name: var name }:
                    scope.Declare(name, _globals);
                    break;
                case AssignmentPattern { Left: var left }:
                    DeclarePattern(left, scope);
                    break;
                case RestElement { Argument: var rest }:
                    DeclarePattern(rest, scope);
                    break;
                case Property { Value: var value }:
                    DeclarePattern(value, scope);
                    break;
                case ArrayPattern or ObjectPattern:
                    foreach (var part in pattern.ChildNodes)
                        DeclarePattern(part, scope);
                    break;
            }
        }

        private void Resolve(Node node, Scope scope)
        {
            if (_scopes.TryGetValue(node, out var own))
                scope = own;
            switch (node)
            {
                case Identifier { Name: var name }:
                    Refer(name, node.Start, "", scope);
                    break;
                case MemberExpression { Computed: false } member:
                    Resolve(member.Object, scope);
                    break;
                case Property { Shorthand: true, Value: var value, Key: Identifier { Name: var name } }:
                    Refer(name, node.Start, name + ":", scope);
                    if (value is AssignmentPattern { Right: var otherwise })
                        Resolve(otherwise, scope);
                    break;
                case Property { Computed: false, Value: var value }:
                    Resolve(value, scope);
                    break;
                case MethodDefinition { Computed: false, Value: var value }:
                    Resolve(value, scope);
                    break;
                case PropertyDefinition { Computed: false } field:
                    if (field.Value is { } initial)
                        Resolve(initial, scope);
                    break;
                case LabeledStatement or BreakStatement { Label: not null } or ContinueStatement { Label: not null } or ExportSpecifier or MetaProperty:
                    throw new InvalidOperationException($"The bundler doesn't support {node.Type}.");
                default:
                    foreach (var child in node.ChildNodes)
                        Resolve(child, scope);
                    break;
            }
        }

        private void Refer(string name, int position, string key, Scope scope)
        {
            if (!scope.Refer(name, position, key))
                _globals.Add(name);
        }

        private bool HasScope(Node node) =>
            node is IFunction or BlockStatement or StaticBlock or ForStatement or ForInStatement or ForOfStatement or SwitchStatement or CatchClause
                or ClassExpression;
    }

    private sealed class Scope
    {
        private readonly Scope _outer;
        private readonly List<Scope> _inner = new List<Scope>();
        private readonly Dictionary<string, Binding> _bindings = new Dictionary<string, Binding>();
        private readonly HashSet<Binding> _used = new HashSet<Binding>(); // here and in inner scopes

        public Scope(Scope outer)
        {
            _outer = outer;
            outer?._inner.Add(this);
        }

        public void Declare(string name, HashSet<string> globals)
        {
            if (!globals.Contains(name) && !_bindings.ContainsKey(name))
                _bindings.Add(name, new Binding());
        }

        /// <summary>False if the name is global, or exported.</summary>
        public bool Refer(string name, int position, string key)
        {
            if (!_bindings.TryGetValue(name, out var binding))
                return _outer is not null && ReferOutside(name, position, key);
            binding.References.Add((position, key));
            _used.Add(binding);
            return true;
        }

        public void Shorten(HashSet<string> globals, Dictionary<int, string> written)
        {
            var taken = new HashSet<string>(_used.Select(binding => binding.Short).Where(name => name is not null));
            var index = 0;
            foreach (var binding in _bindings.Values.OrderByDescending(binding => binding.References.Count))
            {
                do
                    binding.Short = ShortName(index++);
                while (taken.Contains(binding.Short) || globals.Contains(binding.Short) || IsReserved(binding.Short));
                foreach (var (position, key) in binding.References)
                    written[position] = key + binding.Short;
            }

            foreach (var scope in _inner)
                scope.Shorten(globals, written);
        }

        private bool ReferOutside(string name, int position, string key)
        {
            if (!_outer.Refer(name, position, key))
                return false;
            for (var scope = _outer; scope is not null; scope = scope._outer)
            {
                if (scope._bindings.TryGetValue(name, out var binding))
                {
                    _used.Add(binding);
                    break;
                }
            }

            return true;
        }

        private static bool IsReserved(string name) => name is "do" or "if" or "in" or "of" or "as" or "is" or "let" or "new" or "try" or "for" or "var";
    }

    private sealed class Binding
    {
        public List<(int Position, string Key)> References { get; } = new List<(int, string)>();

        public string Short { get; set; }
    }
}
