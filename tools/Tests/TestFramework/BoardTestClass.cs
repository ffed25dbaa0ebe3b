using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.ExceptionServices;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace nanoFramework.TestFramework
{
    /// <summary>
    /// The test class whose turn it is, as the board's launcher runs it: set-up once, then its tests, then clean-up once. MSTest runs
    /// the tests of a class in a row, on one thread.
    /// </summary>
    [TestClass]
    public static class BoardTestClass
    {
        private static readonly List<Exception> s_cleanupFailures = new();
        private static Type s_current;
        private static ExceptionDispatchInfo s_setupFailure;

        /// <summary>Ends the class before, if this is another, and sets this one up.</summary>
        /// <param name="type">The class of the test that is to run.</param>
        /// <exception cref="Exception">What its set-up threw; each of its tests gets it again.</exception>
        public static void Enter(Type type)
        {
            if (type != s_current)
            {
                Leave();
                s_current = type;
                try
                {
                    InvokeAll(type, typeof(SetupAttribute));
                }
                catch (Exception e)
                {
                    s_setupFailure = ExceptionDispatchInfo.Capture(e);
                }
            }

            s_setupFailure?.Throw();
        }

        /// <summary>Cleans up after the last class.</summary>
        /// <exception cref="AggregateException">A clean-up has failed, of this class or of an earlier one.</exception>
        [AssemblyCleanup]
        public static void LeaveLast()
        {
            Leave();
            if (s_cleanupFailures.Count > 0)
            {
                throw new AggregateException("A clean-up has failed.", s_cleanupFailures);
            }
        }

        /// <summary>Calls a method without an object, as the board's launcher does with static methods and others alike.</summary>
        /// <param name="method">The method.</param>
        /// <param name="arguments">Its arguments, or null.</param>
        public static void Invoke(MethodInfo method, object[] arguments)
        {
            // Reflection and delegates insist on an object, the call instruction does not.
            var caller = new DynamicMethod(method.Name, typeof(void), new[] { typeof(object[]) }, method.DeclaringType, skipVisibility: true);
            var code = caller.GetILGenerator();
            if (!method.IsStatic)
            {
                code.Emit(OpCodes.Ldnull);
            }

            var parameters = method.GetParameters();
            if (parameters.Length != (arguments?.Length ?? 0))
            {
                throw new ArgumentException($"{method.Name} takes {parameters.Length} arguments and gets {arguments?.Length ?? 0}.");
            }

            for (var index = 0; index < parameters.Length; index++)
            {
                code.Emit(OpCodes.Ldarg_0);
                code.Emit(OpCodes.Ldc_I4, index);
                code.Emit(OpCodes.Ldelem_Ref);
                code.Emit(OpCodes.Unbox_Any, parameters[index].ParameterType);
            }

            code.Emit(OpCodes.Call, method);
            code.Emit(OpCodes.Ret);
            caller.CreateDelegate<Action<object[]>>()(arguments);
        }

        private static void Leave()
        {
            if (s_current is null)
            {
                return;
            }

            // The launcher runs neither tests nor clean-up of a class whose set-up skips.
            var isSkipped = s_setupFailure?.SourceException is SkipTestException;
            var type = s_current;
            s_current = null;
            s_setupFailure = null;
            try
            {
                if (!isSkipped)
                {
                    InvokeAll(type, typeof(CleanupAttribute));
                }
            }
            catch (Exception e)
            {
                s_cleanupFailures.Add(e);
            }
        }

        private static void InvokeAll(Type type, Type attribute)
        {
            foreach (var method in type.GetMethods())
            {
                if (method.IsDefined(attribute))
                {
                    Invoke(method, null);
                }
            }
        }
    }
}
